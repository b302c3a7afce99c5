package shop;

import java.util.ArrayList;
import java.util.List;
import shop.pricing.Discount;
import shop.pricing.Rule;
import static shop.pricing.Prices.round;

/** What a customer is about to buy. */
public class Cart extends Basket implements Comparable<Cart> {
  private static final int LIMIT = 10;
  private final Rule rule;
  private List<Item> items = new ArrayList<>();

  public Cart(Rule rule) {
    super("cart");
    this.rule = rule;
  }

  public Cart() {
    this(new Discount(2));
  }

  @Override
  public int total() {
    int sum = 0;
    for (Item item : items) {
      if (item.price() > 0 && items.size() < LIMIT) {
        sum += rule.apply(item.price());
      }
    }
    return round(sum);
  }

  void add(Item item) {
    items.add(item);
    log("added");
  }

  void add(String name, int price) {
    add(new Item(name, price));
  }

  Rule doubled() {
    return new Rule() {
      @Override
      public int apply(int price) {
        return rule.apply(price) * 2;
      }
    };
  }

  @Override
  public int compareTo(Cart other) {
    return total() - other.total();
  }

  enum State {
    OPEN,
    CLOSED
  }
}
