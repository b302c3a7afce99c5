#include <stdlib.h>

#include "shop/item.h"

int item_made = 0;

static void check(const void *pointer)
{
	if (!pointer)
		abort();
}

struct item *item_new(const char *name, long cents)
{
	struct item *item = malloc(sizeof *item);
	check(item);
	item->name = name;
	item->price.cents = cents;
	item_made++;
	return item;
}

void item_free(struct item *item) { free(item); }
