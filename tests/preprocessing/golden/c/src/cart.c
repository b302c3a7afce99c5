#include "shop/cart.h"

#include "log.h"

static void check(cart_t *cart)
{
	if (cart_count(cart) > CART_LIMIT)
		log_line("full");
}

#ifdef SHOP_STATIC
static cart_t only;

cart_t *cart_new(void) { return &only; }
#else
cart_t *cart_new(void)
{
	cart_t *cart = log_alloc(sizeof(cart_t));
	cart->notify = log_line;
	return cart;
}
#endif

int cart_add(cart_t *cart, struct item *item)
{
	check(cart);
	cart->items[cart->count++] = item;
	cart->notify(item->name);
	return item->price.cents ? KIND_PLAIN : KIND_GIFT;
}

static int add_up(struct item *item, void *data)
{
	*(long *)data += item->price.cents;
	return 0;
}

long cart_total(const cart_t *cart)
{
	long total = 0;
	cart_each((cart_t *)cart, add_up, &total);
	return total;
}

int cart_each(cart_t *cart, visit_fn visit, void *data)
{
	CART_EACH(cart, i) {
		if (visit(cart->items[i], data))
			return 1;
	}
	return 0;
}
