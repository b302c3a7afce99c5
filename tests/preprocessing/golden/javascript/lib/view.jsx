import main, { settings } from './index.mjs'

const Row = ({ item }) => <li>{item.price}</li>

export const Table = (props) => {
  settings.print()
  return <ul>{props.items.map((item) => <Row item={item} />)}{main()}</ul>
}
