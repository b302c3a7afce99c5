import { total } from './service.js'

export function render () {
  return total([1, 2])
}
