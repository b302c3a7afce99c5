package shop_test

import (
	"testing"

	"example.com/shop"
)

func TestAdd(t *testing.T) {
	cart := shop.NewCart(nil)
	t.Run("one", func(t *testing.T) {
		if err := cart.Add(shop.Item{Name: "a"}); err != nil {
			t.Fatal(err)
		}
	})
	cart.Total()
}
