use tiny_shop::{inner, quick, Rounding};

#[test]
fn a_cart_has_a_total() {
    let cart = quick("a");
    Rounding::Up.apply(cart.total());
    inner::twice();
}
