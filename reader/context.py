"""What the Reader's model is shown of a repository.

Knows the order of places, the token budget and how shown lines are printed. Does not know any prompt
(`reader/prompts`) nor how a place was ranked: it is a function of ranking, subgraph and codebase.
"""

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from cgm.artifacts import Ranking, Subgraph
from cgm.graph import CodeGraph, NodeKind
from cgm.protocols import Codebase
from cgm.text import is_safe_path, split_lines
from reader.patch import is_test_path
from reader.syntax import docstring_lines

_CHARACTERS_PER_TOKEN = 3.5  # of code, with the tokenizers of current code models
_NUMBER_TOKENS = 2  # a line's number and end
_GAP = "..."
_END = 1 << 31  # beyond the last line of any file


@dataclass(frozen=True)
class Limits:
    """How much is shown: tokens in all, functions and files by rank, neighbours' signatures.

    `tests` says whether test files are shown, `new_files` whether files may be made, `docstrings` whether these are
    shown, too.
    """

    tokens: int
    functions: int
    files: int
    neighbours: int
    tests: bool = False
    new_files: bool = False
    docstrings: bool = True


@dataclass(frozen=True)
class Snippet:
    """A file of which `spans` are shown: 1-based inclusive line ranges, ascending, never touching."""

    path: str
    text: str
    spans: tuple[tuple[int, int], ...]

    @cached_property
    def lines(self) -> tuple[str, ...]:
        """All lines of the file without their ends."""
        return tuple(line.rstrip("\r\n") for line in split_lines(self.text))

    @property
    def plain(self) -> str:
        """The shown lines as they are; left-out lines between them become one line of dots."""
        return f"\n{_GAP}\n".join("\n".join(self.lines[start - 1 : end]) for start, end in self.spans)

    @property
    def numbered(self) -> str:
        """The shown lines with their numbers."""
        parts = ("\n".join(f"{at:4d}| {self.lines[at - 1]}" for at in range(a, b + 1)) for a, b in self.spans)
        return f"\n{_GAP}\n".join(parts)


@dataclass(frozen=True)
class ShownFunction:
    """A function that is shown whole; lines are 1-based and inclusive, decorators included where the graph does."""

    path: str
    name: str
    start: int
    end: int


@dataclass(frozen=True)
class Context:
    """Everything shown: files best first, the functions shown whole, and signatures of their callers and callees.

    `taken` are all paths of the repository where new files may be made beside them, else None. `focus` are the lines
    of the first file that alone may change, where a form asks for one statement at a time.
    """

    snippets: tuple[Snippet, ...]
    functions: tuple[ShownFunction, ...] = ()
    neighbours: tuple[str, ...] = ()
    taken: frozenset[str] | None = None
    focus: tuple[int, int] | None = None

    @cached_property
    def texts(self) -> dict[str, str]:
        """The whole text of each file that may be edited."""
        return {snippet.path: snippet.text for snippet in self.snippets}

    @property
    def focus_text(self) -> str:
        """The lines that alone may change, as they are."""
        start, end = self.focus or (1, 0)
        return "\n".join(self.snippets[0].lines[start - 1 : end])

    @cached_property
    def shown(self) -> dict[str, tuple[tuple[int, int], ...]]:
        """The shown lines of each file."""
        return {snippet.path: snippet.spans for snippet in self.snippets}


@dataclass(frozen=True)
class _Part:
    """Lines that are shown together or not at all; `node` where they are a function."""

    path: str
    spans: tuple[tuple[int, int], ...]
    node: int = -1


def estimate_tokens(text: str) -> int:
    """Guess how many tokens a model reads a text as."""
    return math.ceil(len(text) / _CHARACTERS_PER_TOKEN)


def shorten(text: str, tokens: int) -> str:
    """Cut the middle out of a text that is estimated above a number of tokens; the ends say most."""
    if estimate_tokens(text) <= tokens:
        return text
    keep = int(tokens * _CHARACTERS_PER_TOKEN)
    head = keep * 2 // 3
    return f"{text[:head]}\n[...]\n{text[len(text) - (keep - head) :]}"


def build_context(ranking: Ranking, subgraph: Subgraph, codebase: Codebase, limits: Limits) -> Context:
    """Choose what is shown: ranked functions with the head of their class, then whole files, then files' top levels.

    Each part is shown if it still fits the budget. Where none of the functions does, the next one by rank that fits is
    shown; where there is none either, nor anything else, the beginning of the first.
    """
    shelf = _Shelf(codebase, limits)
    for part in _parts(ranking, codebase, limits):
        shelf.add(part)
    for part in _function_parts(ranking, codebase.graph, limits, after=limits.functions) if limits.functions else ():
        if shelf.functions:
            break
        shelf.add(part)
    if not shelf.lines:
        shelf.add_beginning(_parts(ranking, codebase, limits))
    functions = tuple(_shown_function(codebase.graph, node) for node in shelf.functions)
    neighbours = _neighbours(subgraph, shelf, limits.neighbours) if limits.neighbours else []
    taken = frozenset(codebase.graph.file_of_path) if limits.new_files else None
    return Context(shelf.snippets(), functions, tuple(neighbours), taken)


def split_context(context: Context) -> tuple[Context, ...]:
    """Make one context of each function shown, without the rest; the context itself where there is no function."""
    texts = context.texts
    return tuple(
        Context((Snippet(function.path, texts[function.path], ((function.start, function.end),)),), (function,))
        for function in context.functions
    ) or (context,)


class _Shelf:
    """The lines chosen so far, by file in order of choice, within a budget of tokens."""

    def __init__(self, codebase: Codebase, limits: Limits) -> None:
        self.codebase = codebase
        self.left = limits.tokens
        self._docstrings = limits.docstrings
        self.lines: dict[str, set[int]] = {}
        self.functions: list[int] = []
        self._files: dict[str, list[str]] = {}

    def file(self, path: str) -> list[str]:
        if path not in self._files:
            self._files[path] = split_lines(self.codebase.sources.read(path))
        return self._files[path]

    def add(self, part: _Part) -> None:
        wanted = self._wanted(part)
        if len(wanted) * _NUMBER_TOKENS > self.left:
            return
        cost = sum(self._cost(part.path, number) for number in wanted)
        if cost > self.left:
            return
        self._take(part.path, wanted, cost)
        if part.node >= 0:
            self.functions.append(part.node)

    def add_beginning(self, parts: Iterator[_Part]) -> None:
        """Show as much as fits of the first part."""
        for part in parts:
            for number in sorted(self._wanted(part)):
                cost = self._cost(part.path, number)
                if cost > self.left:
                    return
                self._take(part.path, {number}, cost)
            return

    def snippets(self) -> tuple[Snippet, ...]:
        return tuple(
            Snippet(path, "".join(self.file(path)), _spans(numbers)) for path, numbers in self.lines.items() if numbers
        )

    def _wanted(self, part: _Part) -> set[int]:
        last = len(self.file(part.path))
        numbers = {number for start, end in part.spans for number in range(start, min(end, last) + 1)}
        hidden = set() if self._docstrings else docstring_lines("".join(self.file(part.path)))
        return numbers - hidden - self.lines.get(part.path, set())

    def _cost(self, path: str, number: int) -> int:
        return estimate_tokens(self.file(path)[number - 1].strip()) + _NUMBER_TOKENS

    def _take(self, path: str, numbers: set[int], cost: int) -> None:
        self.lines.setdefault(path, set()).update(numbers)
        self.left -= cost


def _parts(ranking: Ranking, codebase: Codebase, limits: Limits) -> Iterator[_Part]:
    graph = codebase.graph
    editable = [path for path in _files(ranking) if _may_edit(graph, path, limits)][: limits.files]
    yield from _function_parts(ranking, graph, limits)
    for path in editable:
        yield _Part(path, ((1, _END),))
        yield _Part(path, _top_level(graph, graph.file_of_path[path]))


def _files(ranking: Ranking) -> list[str]:
    return list(dict.fromkeys((*ranking.edited, *(ranked.label for ranked in ranking.files))))


def _may_edit(graph: CodeGraph, path: str, limits: Limits) -> bool:
    known = path in graph.file_of_path and is_safe_path(path)
    return known and (limits.tests or not is_test_path(path))


def _function_parts(ranking: Ranking, graph: CodeGraph, limits: Limits, after: int | None = None) -> Iterator[_Part]:
    """The first ranked functions, or those `after` them, with their class statements.

    A label that two functions share gives both.
    """
    nodes: Mapping[str, list[int]] = defaultdict(list)
    for node in graph.nodes_of_kind(NodeKind.FUNCTION).tolist():
        nodes[graph.label(node)].append(node)
    labels = [ranked.label for ranked in ranking.functions if ranked.label in nodes]
    paths = {label: graph.node_path[nodes[label][0]] for label in labels}
    editable = [label for label in labels if _may_edit(graph, paths[label], limits)]
    chosen = editable[: limits.functions] if after is None else editable[after:]
    for node in (node for label in chosen for node in nodes[label]):
        own = (int(graph.node_start[node]), int(graph.node_end[node]))
        yield _Part(graph.node_path[node], (own, *_class_statements(graph, node)), node)


def _class_statements(graph: CodeGraph, node: int) -> Iterator[tuple[int, int]]:
    for outer in graph.ancestors(node):
        if graph.node_kind[outer] == NodeKind.CLASS:
            start = int(graph.node_start[outer])
            yield start, start


def _top_level(graph: CodeGraph, file_node: int) -> tuple[tuple[int, int], ...]:
    """The lines of a file outside its classes and functions, such as imports, and the first line of each of these."""
    end = int(graph.node_end[file_node])
    numbers = set(range(1, end + 1))
    for child in graph.children[file_node]:
        if graph.node_kind[child] in (NodeKind.CLASS, NodeKind.FUNCTION):
            numbers -= set(range(int(graph.node_start[child]) + 1, int(graph.node_end[child]) + 1))
    return _spans(numbers)


def _spans(numbers: set[int]) -> tuple[tuple[int, int], ...]:
    spans: list[tuple[int, int]] = []
    for number in sorted(numbers):
        if spans and spans[-1][1] == number - 1:
            spans[-1] = (spans[-1][0], number)
        else:
            spans.append((number, number))
    return tuple(spans)


def _shown_function(graph: CodeGraph, node: int) -> ShownFunction:
    return ShownFunction(
        graph.node_path[node], graph.node_name[node], int(graph.node_start[node]), int(graph.node_end[node])
    )


def _neighbours(subgraph: Subgraph, shelf: _Shelf, count: int) -> list[str]:
    """Signatures of what shown functions call and of what calls them, best first."""
    shown = set(shelf.functions)
    calls = [
        edge for edge in subgraph.edges if edge.kind == "CALLS" and (edge.source in shown) != (edge.target in shown)
    ]
    scores = {node.node: node.score for node in subgraph.nodes}
    others = dict.fromkeys(edge.target if edge.source in shown else edge.source for edge in calls)
    ordered = sorted(others, key=lambda node: (-scores.get(node, 0.0), node))
    rows: list[str] = []
    for node in ordered:
        row = _signature(shelf, node)
        if len(rows) < count and row and estimate_tokens(row) <= shelf.left:
            shelf.left -= estimate_tokens(row)
            rows.append(row)
    return rows


def _signature(shelf: _Shelf, node: int) -> str:
    graph = shelf.codebase.graph
    path, start = graph.node_path[node], int(graph.node_start[node])
    if not start or start in shelf.lines.get(path, set()):
        return ""
    lines = shelf.file(path)[start - 1 : int(graph.node_end[node])]
    return next((f"{graph.label(node)}: {line}" for line in _stripped(lines) if not line.startswith("@")), "")


def _stripped(lines: Sequence[str]) -> list[str]:
    return [line.strip() for line in lines if line.strip()]
