const util = require('util')

function Basket (name) {
  this.name = name
}

Basket.prototype.log = function log (text) {
  util.log(this.name, text)
}

module.exports = Basket
