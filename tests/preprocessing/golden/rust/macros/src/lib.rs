/// Doubles an amount.
pub fn double(cents: i64) -> i64 {
    cents * 2
}

#[macro_export]
macro_rules! cents {
    ($value:expr) => {
        double($value) / 2
    };
}
