import { Discount } from './discount'
import { Currency, type Rule, type Price } from './rule'
export { Discount as Rebate } from './discount'
export * from './rule'

export function format(price: number): string
export function format(price: Price, currency: Currency): string
export function format(price: any, currency: Currency = Currency.Euro): string {
  return `${price} ${currency}`
}

export async function open(rule: Rule): Promise<Discount> {
  return Discount.create(rule)
}

export namespace inner {
  export const run = async (rule: Rule | undefined) => {
    const discount = await open(rule!)
    discount.describe()
    return format((rule as Discount).apply(2), Currency.Yen)
  }
}

export function twice(rule: Rule) {
  return inner.run(rule)
}
