#include <assert.h>
#include "../include/shop/cart.h"

static void test_total(void)
{
	cart_t *cart = cart_new();
	cart_add(cart, item_new("a", 3));
	assert(cart_total(cart) == 3);
}

int main(void)
{
	test_total();
	return 0;
}
