import { open, Rebate, type Money } from '.'

export function App({ price }: { price: Money }) {
  const rebate = new Rebate(null!)
  rebate.apply(price.amount)
  return <Total rule={rebate} />
}

const Total = (props: { rule: Rebate }) => <b>{String(open(props.rule))}</b>
