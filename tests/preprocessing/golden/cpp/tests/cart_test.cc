#include "shop/cart.h"

using namespace shop;
namespace price = shop::detail;

TEST(Cart, Total) {
  Printer printer;
  auto cart = make_cart(&printer);
  cart->add("a", 3);
  Cart<Printer> other(&printer);
  other.add(Item{"b", Amount(2)});
  EXPECT_EQ(other.total(), Amount(2));
  price::padded("x");
  Cart<Printer>::Iterator* place = new Cart<Printer>::Iterator();
  place->next();
}
