from collections.abc import Callable, Mapping

from preprocessing.polyglot.registry import Registry

Read = Callable[[Mapping[str, str]], Registry]


def node(registry: Registry, path: str, name: str) -> int:
    tree = registry.tree
    return next(one for one in range(len(tree.name)) if (tree.path[one], tree.name[one]) == (path, name))


def test_a_function_that_stands_outside_is_a_member_of_its_class(registry: Read) -> None:
    found = registry({"a.h": "class A { void g() {} };\n", "a.cpp": '#include "a.h"\nvoid A::f() {}\n'})
    class_, inside, outside = node(found, "a.h", "A"), node(found, "a.h", "A.g"), node(found, "a.cpp", "A.f")
    assert [found.own(class_, name) for name in "fg"] == [[outside], [inside]]
    assert found.class_around(outside) == found.class_around(inside) == class_
    assert found.siblings(outside) == [outside]


def test_overloads_are_siblings_where_a_language_has_them(registry: Read) -> None:
    found = registry({"A.java": "class A { void f() {} void f(int x) {} void g() {} }"})
    first = node(found, "A.java", "A.f")
    assert found.siblings(first) == [first, first + 1]
    assert found.siblings(first + 1) == [first, first + 1]


def test_a_constructor_called_like_its_class_is_no_member(registry: Read) -> None:
    found = registry({"A.java": "class A { A() {} A(int x) {} void f() {} }"})
    class_ = node(found, "A.java", "A")
    assert len(found.constructors(class_)) == 2
    assert found.own(class_, "A") == []
    assert len(found.own(class_, "f")) == 1


def test_a_constructor_may_have_a_name_that_is_always_the_same(registry: Read) -> None:
    found = registry({"a.js": "class A { constructor() {} }\nclass B {}\n"})
    assert [found.name(one) for one in found.constructors(node(found, "a.js", "A"))] == ["constructor"]
    assert found.constructors(node(found, "a.js", "B")) == []


def test_what_is_static_is_of_its_file_alone_unless_that_is_a_header(registry: Read) -> None:
    found = registry(
        {
            "a.c": "static int f(void) { return 1; }\nint g(void) { return 1; }\n",
            "b.h": "static int h(void) { return 1; }\n",
        }
    )
    assert [name for _, name in found.private] == ["f"]
    assert {name for _, name in found.spaces} == {"g", "h"}


def test_a_script_says_what_it_gives_to_others(registry: Read) -> None:
    source = (
        "function f() {}\nexport { f as g };\nexport { h } from './b';\nexport * from './c';\n"
        "import { x as y } from './d';\n"
    )
    found = registry({"a.js": source})
    file = found.tree.files[0]
    assert found.exports[file] == {"g": "f"}
    assert found.reexports[file]["h"].module == "./b"
    assert [row.module for row in found.stars[file]] == ["./c"]
    assert found.imports[file]["y"].name == "x"


def test_few_values_of_a_name_are_kept(registry: Read) -> None:
    values = "".join(f"this.x = new C{number}(); " for number in range(9))
    found = registry({"a.js": f"class A {{ f() {{ {values} }} }}\n"})
    class_, function = node(found, "a.js", "A"), node(found, "a.js", "A.f")
    assert found.values[class_, "x"] == [(function, f"C{number}()") for number in range(3)]
