exports.round = function round (price) {
  return price < 0 ? exports.zero() : price
}

exports.zero = () => 0
