'use strict'

const { round } = require('./pricing')
const Basket = require('./basket')
const assert = require('node:assert')

/** What a customer is about to buy. */
class Cart extends Basket {
  static limit = 10

  constructor (rule) {
    super('cart')
    this.rule = rule || new Discount(2)
    this.items = []
  }

  total () {
    const weigh = (item) => this.rule.apply(item.price)
    return round(this.items.map(weigh).reduce((sum, one) => sum + one, 0))
  }

  add (item) {
    assert(item)
    this.items.push(item)
    this.log('added')
  }
}

function Discount (share) {
  this.share = share
}

Discount.prototype.apply = function apply (price) {
  return this.limit(price - this.share)
}

Discount.prototype.limit = function (price) {
  return price > Cart.limit ? price : 0
}

module.exports = { Cart, Discount, open: openCart }

function openCart () {
  return new Cart()
}
