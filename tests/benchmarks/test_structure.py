import json

import structure
from truth import Score

A, B, C, D = (("a.py", name) for name in "ABCD")
TRUTH = structure.read_structure(
    json.dumps(row)
    for row in (
        {"class": A, "bases": [], "mro": []},
        {"class": B, "bases": [A], "mro": [A]},
        {"class": C, "bases": [B, A], "mro": [B, A]},
        {"import": ["t.py", 1], "name": "a", "targets": [["a.py", ""]]},
        {"import": ["t.py", 2], "name": "a:B", "targets": [B]},
        {"import": ["t.py", 2], "name": "a:C", "targets": [C, D]},
        {"import": ["t.py", 3], "name": "os", "targets": []},
        {"failed": "a.x", "error": "ImportError: no"},
        {"module": "a.py"},
    )
)


def test_bases_are_compared_pair_by_pair() -> None:
    # right: B-A, C-B, C-A; stated: B-A, C-B and the wrong A-C; D was never made
    found = structure.compare_classes(TRUTH.bases, [(B, A), (C, B), (A, C), (D, A), (A, D)])
    assert (found.recall, found.precision) == (Score(2, 3), Score(2, 3))
    assert found.missed == ["a.py:C -> a.py:A"]
    assert found.wrong == ["a.py:A -> a.py:C"]


def test_ancestors_are_what_bases_reach() -> None:
    assert structure.reachable([(C, B), (B, A), (A, C)])[A] == {A, B, C}
    assert structure.reachable([(C, B), (B, A)]) == {C: {A, B}, B: {A}}


def test_an_import_is_found_at_any_accepted_place() -> None:
    edges = [structure.ImportEdge("t.py", place, line) for place, line in ((("a.py", ""), 1), (D, 2), (A, 2), (A, 9))]
    found = structure.compare_imports(TRUTH, edges)
    # B is missed; of the three edges whose line ran, A is wrong
    assert (found.recall, found.precision) == (Score(2, 3), Score(2, 3))
    assert found.wrong == ["t.py:2 -> a.py:A"]


def test_by_files_any_place_of_the_file_will_do() -> None:
    edges = [structure.ImportEdge("t.py", A, 2), structure.ImportEdge("t.py", A, 3)]
    found = structure.compare_imports(TRUTH, edges, files=True)
    assert (found.recall, found.precision) == (Score(3, 3), Score(1, 2))


def test_modules_that_could_not_be_imported_are_kept() -> None:
    assert TRUTH.failed == ["a.x: ImportError: no"]
