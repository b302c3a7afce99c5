from . import pricing as prices
from .pricing import Rule


class Cart:
    size: int = 0

    def __init__(self, rule: Rule):
        self.rule = rule
        self.items = []

    @property
    def total(self):
        def weigh(item):
            return item.price

        return self.rule.apply(sum(map(weigh, self.items)))

    def cheapest(self):
        return min(self.items, key=prices.by_price)
