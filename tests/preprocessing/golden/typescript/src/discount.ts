import { Named } from './rule.js'
import type { Rule } from './rule'

export class Discount extends Named {
  name = 'discount'

  constructor(private readonly base: Rule, public share = 1) {
    super()
  }

  apply(price: number): number {
    return this.base.apply(price) - this.share
  }

  static create(base: Rule): Discount {
    return new Discount(base)
  }
}
