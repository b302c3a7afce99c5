// Package shop sells things.
package shop

import (
	"fmt"
	"sync"

	text "example.com/shop/internal/format"
	"example.com/shop/price"
)

// Limit is how many items fit.
const Limit = 10

var carts = map[string]*Cart{}

// Base counts what happened.
type Base struct {
	mu    sync.Mutex
	count int
}

func (b *Base) touch() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.count++
}

// Cart holds items of one buyer.
type Cart struct {
	*Base
	price.Table
	Items  []Item
	Notify func(string)
	log    Logger
}

// Item is one thing.
type Item struct {
	Name  string
	Price price.Amount
}

// NewCart makes an empty cart.
func NewCart(log Logger) *Cart {
	cart := &Cart{Base: &Base{}, log: log}
	carts["last"] = cart
	return cart
}

// Add puts an item into the cart.
func (c *Cart) Add(item Item) error {
	if len(c.Items) >= Limit {
		return fmt.Errorf("full")
	}
	c.touch()
	c.Items = append(c.Items, item)
	go c.log.Log(text.Line(item.Name))
	return nil
}

// Each calls a function with every item.
func (c *Cart) Each(visit func(Item) bool) {
	for _, item := range c.Items {
		if !visit(item) {
			return
		}
	}
}
