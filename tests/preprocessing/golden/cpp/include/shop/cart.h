#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "shop/price.h"

namespace shop {

/// Something that can be told.
class Listener {
 public:
  virtual ~Listener() = default;
  virtual void heard(const std::string& text) = 0;
  virtual int volume() const { return 1; }
};

class Counter {
 public:
  int count() const;
  int seen = 0;
};

struct Item {
  std::string name;
  Amount price;
};

class Printer : public Listener, private virtual Counter {
 public:
  void heard(const std::string& text) override;
  int volume() const override { return Listener::volume() + count(); }
};

template <typename L>
class Cart {
 public:
  using Items = std::vector<Item>;

  explicit Cart(L* listener) : listener_(listener) {}
  ~Cart();

  void add(const Item& item);
  void add(const std::string& name, long cents) { add(Item{name, Amount(cents)}); }
  Amount total() const;
  template <typename F>
  void each(F visit) const {
    for (const auto& item : items_) visit(item);
  }

  class Iterator {
   public:
    void next() { ++place_; }

   private:
    int place_ = 0;
  };

 private:
  L* listener_;
  Items items_;
};

template <typename L>
Cart<L>::~Cart() {
  listener_->heard("gone");
}

template <typename L>
void Cart<L>::add(const Item& item) {
  items_.push_back(item);
  this->listener_->heard(detail::padded(item.name));
}

template <typename L>
Amount Cart<L>::total() const {
  Amount total = Amount::zero();
  auto sum = [&](const Item& item) { total += item.price; };
  each(sum);
  return largest(total, Amount::zero());
}

using PrintedCart = Cart<Printer>;

std::unique_ptr<PrintedCart> make_cart(Printer* printer);

}  // namespace shop
