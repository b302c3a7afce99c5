#ifndef SHOP_ITEM_H
#define SHOP_ITEM_H

struct item {
	const char *name;
	union {
		long cents;
		double share;
	} price;
};

enum kind { KIND_PLAIN, KIND_GIFT = 4 };

typedef struct {
	int x, y;
} point;

extern int item_made;

struct item *item_new(const char *name, long cents);
void item_free(struct item *item);

#endif
