import math
from abc import ABC, abstractmethod

RATE = 0.2
by_price = lambda item: item.price


class Rule(ABC):
    @abstractmethod
    def apply(self, amount):
        """Change an amount."""


class Discount(Rule):
    def __init__(self, share):
        self.share = share

    def apply(self, amount):
        return round_up(amount * (1 - self.share) * (1 + RATE))


def round_up(amount):
    return math.ceil(amount * 100) / 100
