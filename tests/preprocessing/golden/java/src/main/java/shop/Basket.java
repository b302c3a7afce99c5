package shop;

abstract class Basket {
  protected final String name;

  Basket(String name) {
    this.name = name;
  }

  abstract int total();

  void log(String text) {
    Runnable print = () -> System.out.println(name + text);
    print.run();
  }
}
