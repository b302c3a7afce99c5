const { Cart } = require('..')
const shop = require('@golden/shop')

describe('Cart', () => {
  it('adds', () => {
    const cart = new Cart()
    cart.add({ price: 1 })
    shop.settings.print()
  })
})
