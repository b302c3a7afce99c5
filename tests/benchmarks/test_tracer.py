import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import tracer

PROGRAM = """\
import functools


def wrapped(function):
    @functools.wraps(function)
    def wrapper(*arguments):
        return function(*arguments)

    return wrapper


class Shop:
    @wrapped
    def price(self, item):
        return item

    @property
    def total(self):
        return sum(self.each())

    def each(self):
        yield helper(1)
        yield helper(2)


def helper(value):
    return value


def by_key(value):
    return -value


def main():
    shop = Shop()
    shop.price(1)
    shop.total
    sorted([2, 1], key=by_key)
    [helper(item) for item in range(2)]
    (lambda: helper(3))()


main()
"""


def trace(folder: Path) -> list[dict[str, Any]]:
    (folder / "program.py").write_text(PROGRAM)
    out = folder / "out.jsonl"
    subprocess.run([sys.executable, tracer.__file__, str(folder), str(out), "program"], cwd=folder, check=True)
    return [json.loads(line) for line in out.read_text().splitlines()]


def test_the_pairs_of_a_program_are_those_that_ran(tmp_path: Path) -> None:
    rows = trace(tmp_path)
    pairs = {(row["caller"][1], row["callee"][1], row["via"]) for row in rows if "caller" in row}
    assert pairs == {
        ("", "main", ""),
        ("Shop", "wrapped", ""),
        ("main", "wrapped.wrapper", ""),
        ("wrapped.wrapper", "Shop.price", ""),
        ("main", "Shop.price", "wrapped"),
        ("main", "Shop.total", ""),
        ("Shop.total", "Shop.each", "builtin"),
        ("Shop.each", "helper", ""),
        ("main", "by_key", "builtin"),
        ("main", "helper", ""),
    }


def test_what_ran_is_listed_even_where_it_calls_nothing(tmp_path: Path) -> None:
    ran = {tuple(row["ran"]) for row in trace(tmp_path) if "ran" in row}
    assert {("program.py", "helper"), ("program.py", "Shop"), ("program.py", "")} <= ran


@pytest.mark.parametrize(
    ("qualified", "name"),
    [
        ("<module>", ""),
        ("Shop.price", "Shop.price"),
        ("outer.<locals>.inner", "outer.inner"),
        ("outer.<locals>.<lambda>", "outer"),
        ("outer.<locals>.<lambda>.<locals>.<listcomp>", "outer"),
        ("<lambda>.<locals>.inner", "inner"),
    ],
)
def test_code_without_a_name_belongs_to_what_is_around_it(qualified: str, name: str) -> None:
    assert tracer.owner("a.py", qualified) == ("a.py", name)
