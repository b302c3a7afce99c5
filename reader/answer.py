"""What a model's answer says, whatever it wraps it in.

Knows the wordings: search/replace blocks, rewritten functions, chosen lines; and what models put around them:
reasoning, fences, prose, echoes. Does not know the files (`reader.locate`).
"""

import ast
import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass

from cgm.errors import PatchError
from cgm.text import split_lines
from reader.locate import Block
from reader.syntax import FunctionNode, first_line, parse

_THOUGHT = re.compile(r"<(think|thinking|reasoning)>.*?</\1>", re.DOTALL | re.IGNORECASE)
_OPEN_THOUGHT = re.compile(r"^.*</(?:think|thinking|reasoning)>", re.DOTALL | re.IGNORECASE)
_SEARCH = re.compile(r"^\s*<{4,}\s*(?:SEARCH|ORIGINAL|HEAD)?\b.*$", re.IGNORECASE)
_REPLACE = re.compile(r"^\s*>{4,}\s*(?:REPLACE|UPDATED)?\b.*$", re.IGNORECASE)
_FENCE = re.compile(r"^\s*(?:`{3,}|~{3,})\s*(\S*)\s*$")
_PATH = re.compile(r"[\w.\-/\\]*\w\.\w{1,8}\b|[\w.\-]+/[\w.\-/]+")
_FILE = re.compile(r"[\w.\-/\\]*\w\.(?:pyi?|pyx|cfg|ini|toml|json|ya?ml|txt|md|rst)\b")
_WORDS = 3  # of a line that says little but a path, such as "In file x:"
_DEFINITION = re.compile(r"^(\s*)(?:async\s+)?def\s+(\w+)", re.MULTILINE)
_DECLINED = re.compile(
    r"\bno (?:code )?(?:change|edit|fix|modification)s? (?:is |are )?(?:needed|required|necessary)", re.IGNORECASE
)


@dataclass(frozen=True)
class Rewritten:
    """A function as an answer rewrites it, dedented; `name` is qualified by the classes around it in the answer."""

    name: str
    text: str


def without_thoughts(text: str) -> str:
    """Drop reasoning in tags, also where only its end is there, and carriage returns."""
    return _OPEN_THOUGHT.sub("", _THOUGHT.sub("", text.replace("\r\n", "\n")))


def read_blocks(answer: str) -> list[Block]:
    """Read search/replace blocks.

    Raises:
        PatchError: there is none, or one is cut off.
    """
    lines = split_lines(without_thoughts(answer))
    blocks: list[Block] = []
    at = 0
    while at < len(lines):
        if _SEARCH.match(lines[at]):
            block, at = _read_block(lines, at)
            blocks.append(block)
        else:
            at += 1
    if not blocks:
        raise PatchError(_nothing(answer, "SEARCH/REPLACE block"))
    return blocks


def _read_block(lines: list[str], at: int) -> tuple[Block, int]:
    """The block whose marker stands at `at`, and the index after its end."""
    # as long as the marker, seven by custom: other lines of = underline headings in the text quoted
    length = len(re.findall("<+", lines[at])[0])
    divider = _find(lines, at + 1, re.compile(rf"^\s*={{{length}}}\s*$"), "=" * length)
    end = _find(lines, divider + 1, _REPLACE, ">>>>>>> REPLACE")
    search = "".join(_unfenced(lines[at + 1 : divider]))
    replacement = "".join(_unfenced(lines[divider + 1 : end]))
    return Block(_named_above(lines, at), search, replacement), end + 1


def _find(lines: list[str], start: int, marker: re.Pattern[str], name: str) -> int:
    for at in range(start, len(lines)):
        if marker.match(lines[at]):
            return at
        if _SEARCH.match(lines[at]):
            break
    raise PatchError(f"a SEARCH/REPLACE block has no {name} line: close every block, and keep the answer short")


def _unfenced(lines: list[str]) -> list[str]:
    """Drop a fence that wraps the inside of a block."""
    if len(lines) >= 2 and _FENCE.match(lines[0]) and _FENCE.match(lines[-1]):
        return lines[1:-1]
    return lines


def _named_above(lines: list[str], at: int) -> str:
    """The path in the nearest of the three lines above a block; a fence's language is none."""
    for line in reversed(lines[max(0, at - 3) : at]):
        if _REPLACE.match(line):
            return ""
        found = _paths(line)
        if found:
            return found[-1]
        if line.strip() and not _FENCE.match(line):
            return ""
    return ""


def _paths(line: str) -> list[str]:
    """The paths in a line; prose also holds versions, attributes and addresses, which are none."""
    if "://" in line:
        return []
    pattern = _PATH if len(line.split()) <= _WORDS else _FILE
    found: list[str] = pattern.findall(line)
    return found


def fenced(answer: str) -> Iterator[str]:
    """Yield what stands in code fences, or the whole answer where there are none; an open fence ends with it."""
    text = without_thoughts(answer)
    inside: list[str] | None = None
    found = False
    for line in split_lines(text):
        if not line.lstrip().startswith(("```", "~~~")):
            if inside is not None:
                inside.append(line)
        elif inside is None:
            inside, found = [], True
        else:
            yield "".join(inside)
            inside = None
    if inside:
        yield "".join(inside)
    if not found:
        yield text


def read_functions(answer: str) -> list[Rewritten]:
    """Read the functions that an answer writes out, in order; code that does not parse is cut at its `def` lines.

    Raises:
        PatchError: there is no function.
    """
    functions = [function for code in fenced(answer) for function in _functions(textwrap.dedent(code))]
    if not functions:
        raise PatchError(_nothing(answer, "function in a code fence"))
    return functions


def _functions(code: str) -> list[Rewritten]:
    tree = parse(code)
    if isinstance(tree, str):
        return _cut_functions(code)
    lines = split_lines(code)
    return [
        Rewritten(name, textwrap.dedent("".join(lines[first_line(node) - 1 : node.end_lineno])))
        for name, node in _definitions(tree, "")
    ]


def _definitions(node: ast.Module | ast.ClassDef, prefix: str) -> Iterator[tuple[str, FunctionNode]]:
    for child in node.body:
        if isinstance(child, FunctionNode):
            yield prefix + child.name, child
        elif isinstance(child, ast.ClassDef):
            yield from _definitions(child, f"{prefix}{child.name}.")


def _cut_functions(code: str) -> list[Rewritten]:
    """Functions of broken code: each from its `def` to the next line that stands no deeper."""
    cut: list[Rewritten] = []
    for match in _DEFINITION.finditer(code):
        rows = split_lines(code[match.start() :].lstrip("\n"))
        depth = len(match[1].strip("\n"))
        size = next((at for at, row in enumerate(rows[1:], 1) if _ends_function(row, depth)), len(rows))
        cut.append(Rewritten(match[2], textwrap.dedent("".join(rows[:size])).rstrip() + "\n"))
    return cut


def _ends_function(row: str, depth: int) -> bool:
    return bool(row.strip()) and len(row) - len(row.lstrip()) <= depth and not row.lstrip().startswith((")", "]", "}"))


def _nothing(answer: str, wanted: str) -> str:
    if not answer.strip():
        return "the answer is empty"
    if _DECLINED.search(answer):
        return f"the answer says that no change is needed, but the issue is real: answer with a {wanted}"
    return f"the answer holds no {wanted}"
