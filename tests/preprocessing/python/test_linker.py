from collections.abc import Mapping

from preprocessing.facts import FileFacts
from preprocessing.python.linker import PythonLinker
from preprocessing.python.parse import parse_python
from preprocessing.tree import Tree, build_tree

FILES = {
    "base.py": "class Base:\n    def go(self, call):\n        return call()\n",
    "child.py": (
        "from base import Base\nclass Child(Base):\n    def twice(self): return self.go(helper)\ndef helper(): ...\n"
    ),
    "far.py": "def far(): ...\nfar()\n",
    "user.py": "from child import Child\nChild().twice()\nChild().go(print)\n",
}
NUMBERS = {path: number for number, path in enumerate(FILES)}


def linked(files: Mapping[str, str]) -> tuple[Tree, PythonLinker]:
    facts = facts_of(files)
    tree = build_tree("r", list(files), facts)
    linker = PythonLinker(tree, dict(enumerate(files)), facts)
    assert set(linker.link(range(len(files)))) == set(range(len(files)))
    return tree, linker


def facts_of(files: Mapping[str, str]) -> list[FileFacts]:
    return [parse_python(source.encode()) for source in files.values()]


def linked_again(path: str, source: str) -> set[str]:
    """The files that are linked again when one is another."""
    _, linker = linked(FILES)
    linker.change({NUMBERS[path]: parse_python(source.encode())}, dict(enumerate(FILES)))
    return {list(FILES)[file] for file in linker.link([NUMBERS[path]])}


def test_a_new_name_concerns_its_file_alone() -> None:
    assert linked_again("base.py", f"{FILES['base.py']}def new(): ...\n") == {"base.py"}


def test_a_method_that_is_gone_concerns_who_calls_it() -> None:
    assert linked_again("child.py", FILES["child.py"].replace("twice", "thrice")) == {"child.py", "user.py"}


def test_another_signature_concerns_all_who_call_through_classes_below() -> None:
    assert linked_again("base.py", FILES["base.py"].replace("call)", "call, more=1)")) == {
        "base.py",
        "child.py",
        "user.py",
    }


def test_what_is_passed_elsewhere_concerns_who_calls_the_parameter() -> None:
    assert linked_again("child.py", FILES["child.py"].replace("self.go(helper)", "self.go(Child)")) >= {"base.py"}


def test_a_module_that_comes_concerns_who_would_import_it() -> None:
    files = {**FILES, "user.py": "from missing import it\nit()\n"}
    tree, linker = linked(files)
    new = {**files, "missing.py": "def it(): ...\n"}
    tree.add_file("missing.py", "python")
    paths = dict(sorted(enumerate(new), key=lambda row: row[1]))
    linker.change({4: parse_python(new["missing.py"].encode())}, paths)
    found = linker.link([4])
    assert set(found) == {NUMBERS["user.py"], 4}
    top, definition = tree.files[NUMBERS["user.py"]], tree.scopes[4][0]
    links = found[NUMBERS["user.py"]].links()
    assert (top, definition) in zip(links.source.tolist(), links.target.tolist(), strict=True)


def test_a_module_that_goes_concerns_who_imports_it() -> None:
    _, linker = linked(FILES)
    paths = {number: path for path, number in NUMBERS.items() if path != "base.py"}
    linker.change({NUMBERS["base.py"]: None}, paths)
    assert {list(FILES)[file] for file in linker.link([])} == {"child.py", "user.py"}


def test_an_answer_that_is_found_again_concerns_nobody() -> None:
    made = "from base import Base\ndef make():\n    return Base()\n"
    files = {**FILES, "far.py": made, "user.py": "from far import make\nmake().go(print)\n"}
    for other, concerned in (("    made = Base()\n    return made\n", set()), ("    return Base\n", {"user.py"})):
        _, linker = linked(files)
        source = made.replace("    return Base()\n", other)
        linker.change({NUMBERS["far.py"]: parse_python(source.encode())}, dict(enumerate(files)))
        assert set(linker.link([NUMBERS["far.py"]])) == {NUMBERS[path] for path in {"far.py", *concerned}}
