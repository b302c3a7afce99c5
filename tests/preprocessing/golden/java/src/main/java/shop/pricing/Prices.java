package shop.pricing;

public final class Prices {
  private Prices() {}

  public static int round(int price) {
    return price < 0 ? 0 : price;
  }
}
