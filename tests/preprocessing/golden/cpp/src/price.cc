#include "shop/price.h"

namespace shop {

namespace {
long checked(long cents) { return cents < 0 ? 0 : cents; }
}  // namespace

Amount::Amount(long cents) : cents_(checked(cents)) {}

Amount& Amount::operator+=(const Amount& other) {
  cents_ += other.cents();
  return *this;
}

Amount Amount::zero() { return Amount(0); }

bool operator==(const Amount& a, const Amount& b) { return a.cents() == b.cents(); }

}  // namespace shop

std::string shop::detail::padded(const std::string& text) { return " " + text; }
