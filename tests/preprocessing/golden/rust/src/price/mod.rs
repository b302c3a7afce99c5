pub mod amount;
pub mod table;

pub use self::amount::Amount;

pub enum Rounding {
    Up,
    To { cents: i64 },
    By(fn(i64) -> i64),
}

impl Rounding {
    pub fn apply(&self, amount: Amount) -> Amount {
        match self {
            Rounding::Up => amount,
            Rounding::To { cents } => Amount(*cents),
            Rounding::By(f) => Amount(f(amount.0)),
        }
    }
}
