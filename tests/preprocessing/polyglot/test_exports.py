from collections.abc import Callable, Mapping

import pytest

from preprocessing.facts import Import
from preprocessing.meanings import Meaning, Sort
from preprocessing.polyglot.exports import Depth
from preprocessing.polyglot.symbols import Symbols

Read = Callable[[Mapping[str, str]], Symbols]

_SCRIPTS = {
    "a.js": "",
    "b.js": "export function f() {}\nfunction kept() {}\nexport { kept as given };\nexport default class Main {}\n",
    "c.js": "export * from './b';\nexport { f as other } from './b';\nexport * as all from './b';\n",
    "d.js": "class Whole { run() {} }\nmodule.exports = Whole;\n",
}


def label(symbols: Symbols, meaning: Meaning) -> str:
    return f"{symbols.tree.path[meaning.target]}:{symbols.tree.name[meaning.target]}"


@pytest.mark.parametrize(
    ("module", "name", "expected"),
    [
        ("./b", "f", "b.js:f"),
        ("./b", "given", "b.js:kept"),
        ("./b", "default", "b.js:Main"),
        ("./c", "f", "b.js:f"),
        ("./c", "other", "b.js:f"),
        ("./d", "", "d.js:Whole"),
        ("./d", "default", "d.js:Whole"),
    ],
)
def test_an_import_gives_what_is_exported(symbols: Read, module: str, name: str, expected: str) -> None:
    found = symbols(_SCRIPTS)
    meaning = found.exports.imported(0, Import(-1, module, name, "", 0, 1))
    assert meaning.sort == Sort.NODE
    assert label(found, meaning) == expected


@pytest.mark.parametrize(("module", "sort"), [("./b", Sort.MISSING), ("react", Sort.FOREIGN), ("./gone", Sort.FOREIGN)])
def test_what_is_not_there_is_missing_or_of_others(symbols: Read, module: str, sort: int) -> None:
    assert symbols(_SCRIPTS).exports.imported(0, Import(-1, module, "gone", "", 0, 1)).sort == sort


def test_a_whole_file_is_a_group_whose_members_are_its_exports(symbols: Read) -> None:
    found = symbols(_SCRIPTS)
    group = found.exports.imported(0, Import(-1, "./b", "", "", 0, 1))
    assert group.sort == Sort.MODULE
    assert group == found.exports.imported(2, Import(-1, "./b", "", "", 0, 1))
    assert label(found, found.exports.inside(group, "f", is_called=True)) == "b.js:f"
    assert found.exports.inside(group, "gone", is_called=True).sort == Sort.UNKNOWN


def test_files_that_export_all_of_each_other_give_an_answer(symbols: Read) -> None:
    files = {f"m{number}.js": f"export * from './m{(number + 1) % 60}';\n" for number in range(60)}
    found = symbols({**files, "m07.js": "export function f() {}\n"})
    assert found.exports.imported(0, Import(-1, "./m0", "f", "", 0, 1)).sort == Sort.MISSING


def test_depth_is_spent_by_questions_within_questions_alone() -> None:
    depth = Depth()
    for _ in range(1000):
        with depth:
            assert not depth.is_spent
    for _ in range(41):
        depth.__enter__()
    assert depth.is_spent
