import pytest

from preprocessing.facts import PACKAGE, Clause, FileFacts
from preprocessing.languages import ImportRule
from preprocessing.polyglot.import_rules import open_origins
from preprocessing.polyglot.origins import Origin

PATHS = ("Cargo.toml", "a/b.h", "a/c.h", "src/lib.rs", "src/part.rs")


@pytest.mark.parametrize(
    ("rule", "importer", "module", "found"),
    [
        (ImportRule.PATH, 1, "./c.h", 2),
        (ImportRule.PACKAGE, 1, "shop", 1),
        (ImportRule.INCLUDE, 1, "c.h", 2),
        (ImportRule.PATH, 1, "elsewhere", None),
        (ImportRule.PACKAGE, 1, "other", None),
    ],
)
def test_a_rule_says_where_an_import_leads(rule: ImportRule, importer: int, module: str, found: int | None) -> None:
    facts = [
        FileFacts("c", 1, clauses=(Clause(PACKAGE, -1, "", "shop" if path == "a/b.h" else "x", 1),)) for path in PATHS
    ]
    origin = open_origins(rule, PATHS, facts, range(len(PATHS))).find(importer, module)
    assert (origin or Origin(())).files == (() if found is None else (found,))


@pytest.mark.parametrize("rule", ImportRule)
def test_no_rule_leads_to_a_file_that_was_not_given(rule: ImportRule) -> None:
    origins = open_origins(rule, PATHS, [FileFacts("c", 1) for _ in PATHS], [])
    found = [origins.find(1, module) for module in ("./c.h", "c.h", "a", "", "crate.part", "shop")]
    # a path of Rust may begin with the own file
    assert {file for origin in found if origin for file in origin.files} <= {1}
