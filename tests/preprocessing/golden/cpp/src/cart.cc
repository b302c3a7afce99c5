#include "shop/cart.h"

#include <iostream>

namespace shop {

int Counter::count() const { return seen; }

void Printer::heard(const std::string& text) {
  std::cout << text;
  ++seen;
}

std::unique_ptr<PrintedCart> make_cart(Printer* printer) { return std::make_unique<PrintedCart>(printer); }

}  // namespace shop
