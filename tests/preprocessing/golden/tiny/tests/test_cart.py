from shop import Cart, Discount


class TestCart:
    def test_total(self):
        cart = Cart(Discount(0.5))
        cart.cheapest()
        assert cart.total == 0
