package shop

import . "example.com/shop/price"

// Total adds up; the type stands in another file of the package.
func (c *Cart) Total() Amount {
	total := Zero()
	c.Each(func(item Item) bool {
		add := func(one Amount) Amount { return total.Plus(one) }
		total = add(c.Lookup(item.Price))
		return true
	})
	return total
}

// Map applies a function to every element.
func Map[T, U any](all []T, f func(T) U) []U {
	out := make([]U, 0, len(all))
	for _, one := range all {
		out = append(out, f(one))
	}
	return out
}

// Names lists the names of a cart's items.
func Names(c *Cart) []string {
	return Map[Item, string](c.Items, nameOf)
}

func nameOf(item Item) string { return item.Name }

func init() {
	register("total", (*Cart).Total)
}

func register(name string, f func(*Cart) Amount) {
	handlers[name] = f
}

var handlers = map[string]func(*Cart) Amount{"first": first}

func first(c *Cart) Amount { return c.Items[0].Price }
