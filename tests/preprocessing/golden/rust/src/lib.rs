//! A shop.
mod cart;
mod labels;
pub mod price;
mod log;

pub use cart::{Cart, Item};
pub use price::*;

/// How many items fit.
pub const LIMIT: usize = 10;

pub static NAMES: &[&str] = &["a"];

/// Builds a cart that holds one item.
pub fn quick(name: &str) -> Cart<log::Memory> {
    let mut cart = Cart::new(log::Memory::default());
    cart.add(Item::named(name));
    cart
}

pub mod inner {
    use super::quick as make;

    pub fn twice() {
        make("a").total();
        self::deeper::once();
        crate::quick("b");
    }

    mod deeper {
        pub(super) fn once() {
            super::super::quick("c");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn totals() {
        assert_eq!(quick("a").total(), Amount::zero());
    }
}
