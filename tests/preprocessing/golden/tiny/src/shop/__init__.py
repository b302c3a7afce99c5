"""Sell things."""

from .cart import Cart
from .pricing import *

__all__ = ["Cart"]
