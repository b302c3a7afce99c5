#ifndef SHOP_CART_H
#define SHOP_CART_H

#include <stddef.h>
#include "shop/item.h"

#define CART_LIMIT 10
#define CART_EACH(cart, index) for (size_t index = 0; index < (cart)->count; index++)

/* Items of one buyer. */
typedef struct cart {
	struct item *items[CART_LIMIT];
	size_t count;
	void (*notify)(const char *);
} cart_t;

/* Called with every item. */
typedef int (*visit_fn)(struct item *, void *);

cart_t *cart_new(void);
int cart_add(cart_t *cart, struct item *item);
SHOP_API long cart_total(const cart_t *cart);
int cart_each(cart_t *cart, visit_fn visit, void *data);

static inline size_t cart_count(const cart_t *cart) { return cart->count; }

#endif
