"""The issue's own example as a check: code in its text that fails as the text says.

Knows how code stands in an issue, in fences and behind prompts, and which failures are the example's own. Does not know
how it is run (`cgm.protocols.Bench`).
"""

import ast
import re
from collections.abc import Iterator, Mapping

from cgm.artifacts import Issue
from cgm.protocols import Bench, Check, CheckResult
from reader.syntax import parse

_MOST = 4  # pieces of code that are tried
_FENCE = re.compile(r"^[ \t]*```[ \t]*(\w*)[^\n]*\n(.*?)^[ \t]*```", re.MULTILINE | re.DOTALL)
_LANGUAGES = ("", "python", "py", "python3", "pycon", "ipython", "ipython3")
_PROMPT = re.compile(r"^\s*(?:>>>|\.\.\.:?|In \[\d+\]:)(?: |$)")
_UNKNOWN = re.compile(r"^NameError: name '(\w+)' is not defined[^\n]*\Z", re.MULTILINE)
_IMPORTS = 3  # that are added at most
_ALIASES = {"np": "numpy", "pd": "pandas", "plt": "matplotlib.pyplot", "xr": "xarray"}
_ERROR = re.compile(r"^(?:\w+\.)*(\w+)(?::|$)")
# of code that is incomplete, whatever the repository does
_INCOMPLETE = ("NameError", "ModuleNotFoundError", "SyntaxError", "IndentationError")


class ExampleCheck:
    """Passes where a piece of code runs to its end."""

    def __init__(self, issue: Issue, code: str, bench: Bench) -> None:
        self._issue, self._code, self._bench = issue, code, bench

    def run(self, changed: Mapping[str, str]) -> CheckResult:
        """Run on the repository with the files of `changed`. Raises as `Bench.run`."""
        return self._bench.run(self._issue, self._code, changed)


def example_check(issue: Issue, bench: Bench) -> Check | None:
    """The first piece of an issue's code that fails on the code as it is, with an error that the issue names.

    Raises:
        SandboxError: nothing can be run.
    """
    for piece in find_code(issue.problem_statement):
        code, result = _run(issue, piece, bench)
        if not result.passed and _as_told(result.output, issue.problem_statement):
            return ExampleCheck(issue, code, bench)
    return None


def _run(issue: Issue, code: str, bench: Bench) -> tuple[str, CheckResult]:
    """Run a piece of code, with the imports that it leaves out because everybody knows them."""
    result = bench.run(issue, code, {})
    for _ in range(_IMPORTS):
        unknown = _UNKNOWN.search(result.output)
        if result.passed or not unknown:
            break
        name = unknown[1]
        code = f"import {_ALIASES.get(name, name)} as {name}\n{code}"
        result = bench.run(issue, code, {})
    return code, result


def find_code(text: str) -> tuple[str, ...]:
    """The fenced pieces of an issue that are Python code and do something, then all of them as one."""
    pieces = list(dict.fromkeys(code for code in _fenced(text) if _does_something(code)))
    whole = ["\n".join(pieces)] if len(pieces) > 1 else []
    return (*pieces[: _MOST - 1], *whole)


def _fenced(text: str) -> Iterator[str]:
    for language, code in _FENCE.findall(text.replace("\r\n", "\n")):
        if language.lower() in _LANGUAGES:
            yield _without_prompts(code)


def _without_prompts(code: str) -> str:
    """What was typed, where a piece shows a session with an interpreter."""
    lines = code.split("\n")
    typed = [_PROMPT.sub("", line) for line in lines if _PROMPT.match(line)]
    return "\n".join(typed) + "\n" if typed else code


def _does_something(code: str) -> bool:
    tree = parse(code)
    return not isinstance(tree, str) and any(isinstance(node, ast.Call) for node in ast.walk(tree))


def _as_told(output: str, text: str) -> bool:
    """Whether the last line of what a piece of code printed is an error that the issue names."""
    found = _ERROR.match(output.strip().rpartition("\n")[2])
    return found is not None and found[1] in text and found[1] not in _INCOMPLETE
