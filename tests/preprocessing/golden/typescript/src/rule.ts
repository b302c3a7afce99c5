/** Says what a price becomes. */
export interface Rule {
  readonly name: string
  apply(price: number): number
}

export type Price = number | Money

export interface Money {
  amount: number
}

export enum Currency {
  Euro,
  Yen = 'JPY',
}

export abstract class Named implements Rule {
  abstract name: string
  abstract apply(price: number): number

  describe(): string {
    return `${this.name}: ${this.apply(1)}`
  }
}
