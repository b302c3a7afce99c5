import { Cart, open as openCart } from './cart.js'
import * as pricing from './pricing'
export * from './cart.js'

export default function main () {
  const cart = openCart()
  cart.add({ price: pricing.round(1) })
  return new Cart(cart.rule).total()
}

export const settings = {
  verbose: false,
  print () {
    return main()
  },
}
