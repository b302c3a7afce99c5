package shop.pricing;

public class Discount implements Rule {
  private int share;

  public Discount(int share) {
    this.share = share;
  }

  @Override
  public int apply(int price) {
    return price - Prices.round(share);
  }
}
