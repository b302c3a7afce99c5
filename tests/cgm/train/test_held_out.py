from pathlib import Path

import pytest

from cgm.errors import DatasetError
from cgm.store import write_rows
from cgm.train.held_out import HELD_OUT_NAMES, SWE_BENCH, held_out_folders, names_in, why_held_out

DJANGO = next(one for one in SWE_BENCH if one.name == "django/django")


def why(
    name: str = "me/mine",
    url: str = "",
    roots: tuple[str, ...] = (),
    paths: tuple[str, ...] = (),
    more: tuple[str, ...] = (),
) -> str:
    return why_held_out(name, url, roots, paths, more)


def test_the_twelve_of_swe_bench_and_its_development_split_are_held_out_by_name() -> None:
    twelve = """
        astropy/astropy django/django matplotlib/matplotlib mwaskom/seaborn pallets/flask psf/requests pydata/xarray
        pylint-dev/pylint pytest-dev/pytest scikit-learn/scikit-learn sphinx-doc/sphinx sympy/sympy
        """
    six = """
        sqlfluff/sqlfluff marshmallow-code/marshmallow pvlib/pvlib-python pylint-dev/astroid pydicom/pydicom
        pyvista/pyvista
        """
    assert HELD_OUT_NAMES.issuperset([*twelve.split(), *six.split()])
    assert all(why(name) for name in twelve.split())


def test_names_of_loc_bench_are_held_out_whatever_their_case() -> None:
    assert why("Qiskit/qiskit") == "qiskit/qiskit is held out by name"
    assert why("UXARRAY/uxarray")


@pytest.mark.parametrize(
    "url", ["https://github.com/django/django.git", "git@github.com:Django/Django", "ssh://h/django/django/"]
)
def test_a_clone_under_another_name_is_known_by_its_address(url: str) -> None:
    assert why(url=url) == "django/django is held out by name"


def test_a_fork_is_known_by_its_first_commit() -> None:
    assert why(roots=("0" * 40, DJANGO.roots[0])) == "it begins with the first commit of django/django"


def test_a_copy_without_history_is_known_by_its_files() -> None:
    assert why(paths=("setup.py", "django/db/models/query.py")) == "it has the files of django/django"
    assert why(paths=("src/requests/sessions.py",)) == "it has the files of psf/requests"


def test_what_is_no_copy_is_let_in() -> None:
    assert (
        why(
            "pallets/click",
            "https://github.com/pallets/click",
            ("1" * 40,),
            ("src/click/core.py", "docs/sympy/core/basic.py"),
        )
        == ""
    )
    assert why("me/django-thing") == ""


def test_further_names_are_held_out() -> None:
    assert why("Me/Mine", more=("me/mine",)) == "me/mine is held out by name"


def test_copies_within_a_repository_are_found_as_folders() -> None:
    paths = ["src/pip/_vendor/requests/sessions.py", "src/pip/_vendor/requests/models.py", "src/pip/main.py"]
    assert held_out_folders(paths) == ["src/pip/_vendor/requests"]
    assert held_out_folders(["src/pip/main.py"]) == []


def test_names_are_read_from_the_rows_of_a_benchmark(tmp_path: Path) -> None:
    path = tmp_path / "bench.jsonl"
    write_rows(path, [{"repo": "A/b", "patch": "x"}, {"repo": "c/d"}, {"repo": "A/b"}])
    assert names_in([path]) == {"a/b", "c/d"}
    write_rows(path, [{"repository": "A/b"}])
    with pytest.raises(DatasetError, match=r"bench\.jsonl:1: a row must have repo"):
        names_in([path])
