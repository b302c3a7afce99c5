"""Text of graph nodes and tokens of text.

Knows how a node's lines are cut from its file, how code is outlined, and how text is split into search terms.
Does not know where files are read from (`Sources`) nor how terms are weighed (`retriever`).
"""

import re
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache

from cgm.artifacts import Subgraph
from cgm.graph import CodeGraph, NodeKind

_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z_0-9]*|[0-9]+")
_SUBWORD = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|[0-9]+")

# words that say that something is wrong, not what
_STOP_WORDS = """
    about above add after again all also and any are as at back be been before being below between bit both
    bug but by call called can cause caused change code com could current currently def description did
    different do does doesn doing don done down due each either else error even example exception expected
    false file first fix following for found from get gets give given github got had has have having here how
    html http https if import in info instead into is isn issue it its itself just know last like line lines
    ll make makes may me might more most much must my need new no non none not now object of off on one only
    or org other our out output over own please possible print problem python raise raised raises re really
    reproduce result results return returns run running same see seem seems self should show shows simple
    since so some something still such sure system take test tests than thank thanks that the their them then
    there these they thing think this those though to too traceback true try trying two under up use used user
    uses using value values ve version very via want was way we well were what when where whether which while
    who why will with within without won work working works would wrong www yes you your
    """
STOP_WORDS = frozenset(_STOP_WORDS.split())


_NOT_SOURCE = re.compile(
    r"(^|/)(tests?|testing|test_\w+|docs?|examples?|benchmarks?|galleries|gallery|tutorials|extern|_?vendored|vendor"
    r"|__tests__|__mocks__|testdata|third[_-]party|node_modules)/"
    r"|(^|/)(test_[^/]*|conftest)\.py$|_tests?\.py$",
    re.IGNORECASE,
)
# how languages other than Python call a file of tests: FooTest.java, foo.spec.ts, foo_test.go
_TEST_FILE = re.compile(
    r"[a-z0-9](Test|Tests|TestCase|IT)\.java$|(^|/)Test[A-Z]\w*\.java$|[.-](test|spec|bench)\.[cm]?[jt]sx?$"
    r"|(_test|_tests|_unittest)\.(go|rs|c|cc|cpp|cxx)$|(^|/)(test_[^/]*|tests)\.(rs|c|cc|cpp|cxx)$"
)


_SCRIPT = re.compile(
    r"(^|/)(setup|noxfile|fabfile|versioneer|tasks|conf|__about__|_version)\.py$|^(tasks|scripts|tools|\.[^/]+)/"
)


def is_source_path(path: str) -> bool:
    """Whether a file is the project's own source: no test, document, example or copy of another project."""
    return not (_NOT_SOURCE.search(path) or is_test_file(path))


def is_project_script(path: str) -> bool:
    """Whether a file is about the project rather than of it: how it is built, checked, documented, released."""
    return _SCRIPT.search(path) is not None


def is_test_file(path: str) -> bool:
    """Whether a file is called like tests in a language other than Python."""
    return _TEST_FILE.search(path) is not None


def is_safe_path(path: str) -> bool:
    """Whether a path stays inside the repository and outside its `.git`."""
    parts = path.split("/")
    odd = {"", ".", "..", ".git", "git~1"}
    return not any(part.lower().rstrip(". ") in odd or ":" in part for part in parts) and not set(path) & set("\\\0")


def split_lines(text: str) -> list[str]:
    r"""Split on `\n` alone and keep the ends, so that line numbers agree with git and tree-sitter."""
    return [line for line in re.split(r"(?<=\n)", text) if line]


def terms(text: str) -> Iterator[str]:
    """Yield the search terms of code or prose: each identifier in lower case, then its sub-words where it has several.

    `parseHTMLDoc_v2` yields parsehtmldoc_v2, parse, html, doc, v, 2.
    """
    for identifier in _IDENTIFIER.findall(text):
        yield from identifier_terms(identifier)


@lru_cache(maxsize=1 << 17)
def identifier_terms(identifier: str) -> tuple[str, ...]:
    """The terms of one identifier: itself in lower case, then its sub-words where it has several."""
    whole = identifier.lower()
    parts = [part.lower() for part in _SUBWORD.findall(identifier)]
    return (whole,) if len(parts) < 2 else (whole, *parts)


def node_lines(graph: CodeGraph, node: int, lines: Sequence[str]) -> list[str]:
    """A node's own lines: its range less the ranges of its CLASS and FUNCTION children.

    `lines` are those of its file, as `split_lines` gives them.
    """
    start, end = int(graph.node_start[node]), int(graph.node_end[node])
    if not start:
        return []
    own = list(range(start, min(end, len(lines)) + 1))
    taken = {
        number
        for child in graph.children[node]
        if graph.node_kind[child] in (NodeKind.CLASS, NodeKind.FUNCTION)
        for number in range(int(graph.node_start[child]), int(graph.node_end[child]) + 1)
    }
    return [lines[number - 1] for number in own if number not in taken]


def node_text(graph: CodeGraph, node: int, lines: Sequence[str]) -> str:
    """A node's own text, without its children's."""
    return "".join(node_lines(graph, node, lines))


def outline(graph: CodeGraph, file_node: int, lines: Sequence[str]) -> str:
    """A file's skeleton: the header of every class and function with its line number, in file order."""
    rows: list[str] = []
    stack = list(reversed(graph.children[file_node]))
    while stack:
        node = stack.pop()
        if graph.node_kind[node] not in (NodeKind.CLASS, NodeKind.FUNCTION):
            continue
        rows.append(_header(graph, node, lines))
        stack.extend(reversed(graph.children[node]))
    return "\n".join(rows)


def subgraph_text(graph: CodeGraph, subgraph: Subgraph, lines_of: Callable[[str], Sequence[str]], budget: int) -> str:
    """Write a subgraph for a language model: its functions and classes, best first, then how they are linked.

    `lines_of` gives the lines of a path as `split_lines` does. `budget` is in characters; a piece that would overrun
    it is left out, and so is a link to a node that is not shown.
    """
    kept: list[str] = []
    shown: set[int] = set()
    left = budget
    for node in sorted(subgraph.nodes, key=lambda node: (-node.score, node.node)):
        if node.kind not in ("CLASS", "FUNCTION"):
            continue
        piece = f"# {graph.label(node.node)}\n{node_text(graph, node.node, lines_of(node.path)).rstrip()}\n\n"
        if len(piece) <= left:
            kept.append(piece)
            shown.add(node.node)
            left -= len(piece)
    for edge in subgraph.edges:
        piece = f"{graph.label(edge.source)} {edge.kind} {graph.label(edge.target)}\n"
        if {edge.source, edge.target} <= shown and len(piece) <= left:
            kept.append(piece)
            left -= len(piece)
    return "".join(kept)


def _header(graph: CodeGraph, node: int, lines: Sequence[str]) -> str:
    """The line where a node's header begins; the whole header, where it goes over several."""
    signature = graph.details(node).signature
    start, end = int(graph.node_start[node]), int(graph.node_end[node])
    number = _header_line(lines[start - 1 : end], signature.partition("(")[0].rstrip())
    if number is None:
        return f"{start:5d}| {signature or graph.node_name[node]}"
    text = lines[start + number - 1].rstrip()
    indent = text[: len(text) - len(text.lstrip())]
    return f"{start + number:5d}| {text if signature in text else indent + signature}"


def _header_line(lines: Sequence[str], head: str) -> int | None:
    """Which of a node's lines begins with `head`, or else is the first that is no decorator."""
    found = (number for number, line in enumerate(lines) if head and line.lstrip().startswith(head))
    others = (number for number, line in enumerate(lines) if line.strip() and not line.lstrip().startswith("@"))
    return next(found, next(others, None))
