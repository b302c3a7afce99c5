from collections.abc import Callable, Mapping

import pytest

from preprocessing.meanings import Sort
from preprocessing.polyglot.symbols import Symbols, argument_chains, split_use

Read = Callable[[Mapping[str, str]], Symbols]

_SHOP = {
    "cart.ts": (
        "import { Item, make } from './item';\n"
        "export class Cart extends Base {\n"
        "  items: Item;\n"
        "  add(item: Item) { return this.items; }\n"
        "}\n"
        "class Base { price(): Item { return null } }\n"
        "function use(cart: Cart) {}\n"
    ),
    "item.ts": "export class Item { cost() {} }\nexport function make() { return new Item(); }\n",
}


def node(symbols: Symbols, label: str) -> int:
    tree = symbols.tree
    labels = [f"{path}:{name}" for path, name in zip(tree.path, tree.name, strict=True)]
    return labels.index(label)


@pytest.mark.parametrize(
    ("chain", "parts", "arguments"),
    [
        ("a", (("a", 0),), -1),
        ("a.b()/2", (("a", 0), ("b", 1)), 2),
        ("a()().b/0", (("a", 2), ("b", 0)), 0),
        ("f/2:x,self.y", (("f", 0),), 2),
        ("vec!", (("vec", 0),), -1),
    ],
)
def test_a_chain_is_its_names_with_their_calls(chain: str, parts: tuple[tuple[str, int], ...], arguments: int) -> None:
    assert split_use(chain) == (parts, arguments)


def test_arguments_are_chains_where_they_are_written() -> None:
    assert argument_chains("f/2:x,self.y") == ["x", "self.y"]
    assert argument_chains("f/2") == argument_chains("f") == []


@pytest.mark.parametrize(
    ("chain", "sort", "target"),
    [
        ("Cart", Sort.NODE, "cart.ts:Cart"),
        ("cart", Sort.OBJECT, "cart.ts:Cart"),
        ("cart.add", Sort.NODE, "cart.ts:Cart.add"),
        ("cart.price", Sort.NODE, "cart.ts:Base.price"),
        ("cart.price().cost", Sort.NODE, "item.ts:Item.cost"),
        ("cart.items.cost", Sort.NODE, "item.ts:Item.cost"),
        ("cart.add().cost", Sort.NODE, "item.ts:Item.cost"),
        ("make().cost", Sort.NODE, "item.ts:Item.cost"),
        ("cart.gone", Sort.MISSING, "cart.ts:Cart"),
    ],
)
def test_a_chain_leads_over_types_bases_and_imports(symbols: Read, chain: str, sort: int, target: str) -> None:
    found = symbols(_SHOP)
    meaning = found.mean(node(found, "cart.ts:use"), chain)
    assert found.value(meaning).sort == sort if sort == Sort.OBJECT else meaning.sort == sort
    assert meaning.target == node(found, target)


def test_what_was_passed_last_is_told_where_a_chain_leads_no_further(symbols: Read) -> None:
    found = symbols(_SHOP)
    meaning, passed = found.trace(node(found, "cart.ts:use"), "cart.items.cost.gone.more")
    assert meaning.sort == Sort.UNKNOWN
    assert passed == node(found, "item.ts:Item.cost")


def test_an_unknown_name_and_one_of_the_language_are_told_apart(symbols: Read) -> None:
    found = symbols(_SHOP)
    scope = node(found, "cart.ts:use")
    assert [found.mean(scope, name).sort for name in ("nobody", "Promise")] == [Sort.UNKNOWN, Sort.BUILTIN]


def test_bases_stand_after_their_class_and_circles_end(symbols: Read) -> None:
    found = symbols({"a.ts": "class A extends B {}\nclass B extends C {}\nclass C extends A {}\n"})
    classes = [node(found, f"a.ts:{name}") for name in "ABC"]
    assert list(found.order(classes[0])) == classes


def test_names_that_lead_in_circles_mean_nothing(symbols: Read) -> None:
    found = symbols(
        {
            "a.js": "export { x } from './b';\n",
            "b.js": "export { x } from './a';\n",
            "c.js": "import { x } from './a';\n",
        }
    )
    assert found.mean(found.tree.files[2], "x.y").sort in (Sort.UNKNOWN, Sort.MISSING)
