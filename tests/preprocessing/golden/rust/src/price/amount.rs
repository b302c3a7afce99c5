/// Money in cents.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Amount(pub i64);

pub type Cents = Amount;

impl Amount {
    pub fn zero() -> Amount {
        Amount(0)
    }

    pub fn plus(self, other: Amount) -> Cents {
        Amount(self.0 + other.0)
    }
}

impl From<i64> for Amount {
    fn from(cents: i64) -> Self {
        Self(cents)
    }
}
