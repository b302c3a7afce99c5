use std::fmt::{self, Display};

use crate::log::Log;
use crate::price::{amount::Amount, table::Table as Prices};
use crate::LIMIT;
use shop_macros::{cents, double};

/// One thing.
#[derive(Debug, Clone)]
pub struct Item {
    pub name: String,
    price: Amount,
}

/// Items of one buyer.
pub struct Cart<L: Log> {
    items: Vec<Item>,
    prices: Prices,
    log: L,
}

impl Item {
    pub fn named(name: &str) -> Self {
        Item { name: name.to_string(), price: Amount::zero() }
    }
}

impl Display for Item {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.label())
    }
}

impl<L: Log> Cart<L> {
    const SLACK: usize = 1;

    pub fn new(log: L) -> Self {
        Self { items: vec![], prices: Prices::new(), log }
    }

    pub fn add(&mut self, item: Item) -> bool {
        if self.items.len() > LIMIT + Self::SLACK {
            return false;
        }
        self.log.line(&item.name);
        self.items.push(item);
        true
    }

    pub fn total(&self) -> Amount {
        let reduced = |item: &Item| self.prices.lookup(item.price);
        let sum = self.items.iter().map(reduced).fold(Amount::zero(), Amount::plus);
        Amount::from(double(cents!(sum.0)))
    }
}
