#pragma once

#include <string>

#define SHOP_EXPORT

namespace shop {

/// Money in cents.
class SHOP_EXPORT Amount {
 public:
  Amount() : cents_(0) {}
  explicit Amount(long cents);
  Amount& operator+=(const Amount& other);
  long cents() const { return cents_; }
  static Amount zero();

 private:
  long cents_;
};

bool operator==(const Amount& a, const Amount& b);

template <typename T>
T largest(const T& a, const T& b) {
  return a.cents() > b.cents() ? a : b;
}

enum class Rounding : int { kUp, kDown };

namespace detail {
std::string padded(const std::string& text);
}

}  // namespace shop
