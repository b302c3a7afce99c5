package shop.pricing;

public interface Rule {
  int apply(int price);

  default Rule twice() {
    return price -> apply(apply(price));
  }
}
