package shop;

import shop.pricing.*;

class CartTest {
  void testTotal() {
    Cart cart = new Cart(new Discount(1));
    cart.add("tea", 3);
    assert cart.total() == Prices.round(2);
    Cart.State state = Cart.State.OPEN;
  }
}
