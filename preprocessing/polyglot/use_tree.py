"""A Rust use declaration as single imports: `a::{b, c::{self, d as e}}` takes `b` and `c` from a, `d` from a::c.

Knows the declaration's text. Does not know modules.
"""

import re
from collections.abc import Iterator

_SIGN = re.compile(r"(?:r#)?\w+|::|[{},*]")
_COMMENT = re.compile(r"//[^\n]*+|/\*.*?\*/", re.DOTALL)
_LONGEST = 20_000  # characters of a declaration
_DEEPEST = 50  # braces in braces

Taken = tuple[str, str, str]


def read_use(text: str, space: str = "") -> Iterator[Taken]:
    """Yield (module with dots, name, alias) of everything that a declaration takes; the name is `*` for all.

    The alias is empty where it is the name. What takes a module under its own name takes it from the module around.
    `space` are the modules of its file around the declaration: the file's own module could write what is yielded,
    but for the local names, which begin with the space.
    """
    for module, name, alias in _read(text):
        known_as = f"{space}.{alias or name}" if space and name != "*" else alias
        yield in_file(module, space), name, known_as


def in_file(path: str, space: str) -> str:
    """A path from the modules `space` of a file as the file's own module would write it."""
    parts, levels = path.split("."), space.split(".") if space else []
    if parts[0] == "self" and levels:
        return ".".join([*parts[:1], *levels, *parts[1:]])
    if parts[0] != "super" or not levels:
        return path
    while parts and parts[0] == "super" and levels:
        parts.pop(0)
        levels.pop()
    return ".".join(parts if parts[:1] == ["super"] else ["self", *levels, *parts])


def _read(text: str) -> Iterator[Taken]:
    """Yield the same as the declaration's own module writes it."""
    around: list[list[str]] = [[]]
    path: list[str] = []
    alias = ""
    signs = iter(_SIGN.findall(_COMMENT.sub(" ", text[:_LONGEST])))
    for sign in signs:
        if sign == "{":
            if len(around) > _DEEPEST:
                return
            around.append([*around[-1], *path])
            path = []
        elif sign in ",}":
            yield from _taken(around[-1], path, alias)
            path, alias = [], ""
            if sign == "}" and len(around) > 1:
                around.pop()
        elif sign == "as":
            alias = next(signs, "")
        elif sign != "::":
            path.append(sign.removeprefix("r#"))
    yield from _taken(around[-1], path, alias)


def _taken(around: list[str], path: list[str], alias: str) -> Iterator[Taken]:
    if not path:
        return
    whole = [*around, *path]
    if len(whole) > 1 and whole[-1] == "self":
        whole.pop()
    yield ".".join(whole[:-1]), whole[-1], alias
