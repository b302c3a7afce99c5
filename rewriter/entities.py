"""What an issue names: paths, traceback frames, names, error messages, quoted code, keywords.

Knows how such things are written. Does not know which of them a repository holds: that is for the Retriever.
Every pattern is bounded or starts at a rare literal, so that no text makes it slow.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator

from cgm.artifacts import Entity
from cgm.text import STOP_WORDS, identifier_terms
from rewriter.parts import Parts

_SUFFIXES = "py|pyx|pxd|pyi|rst|txt|cfg|toml|ini|json|html|js|css|yml|yaml|md|cpp|jinja"
_PATH = re.compile(rf"(?<![\w./-])((?:[\w.-]{{1,60}}[/\\]){{0,14}}[\w-][\w.-]{{0,59}}\.(?:{_SUFFIXES}))(?![\w/])")
_FRAME = re.compile(r'File "([^"\n]{1,300})", line (\d{1,7})(?:, in ([\w.<>]{1,100}))?')
_IPYTHON_FRAME = re.compile(
    r"^\s*(?:File )?((?:[~/]|[A-Za-z]:\\)[^\s:()]{1,300}\.pyx?)(?::(\d{1,7}))?,? in ([\w.<>]{1,100})"
)
_PYTEST_FRAME = re.compile(r"^\s*([\w./\\-]{1,300}\.py):(\d{1,7}):(?: in)? ?([\w<>]{0,100})\s*$")
_LINK = re.compile(r"/(?:blob|blame|tree|raw)/[^/\s]{1,80}/([\w./-]{1,200}\.\w{1,8})(?:#L(\d{1,6}))?")
_RAISED = re.compile(
    r"(?:^|[\s`>*'\"(])((?:[A-Za-z_]\w{0,60}\.){0,8}[A-Z]\w{0,60}(?:Error|Exception|Warning|Failure|NotFound|DoesNotExist))"
    r"(?:\([\w.]{1,40}\))?: ?([^\n]{0,300})"
)
_INLINE = re.compile(r"``?([^`\n]{1,200})``?")
_QUOTED = re.compile(r"\"([^\"\n]{2,200})\"|(?<!\w)'([^'\n]{2,200})'(?!\w)")
_DOTTED = re.compile(r"(?<![\w./])[A-Za-z_]\w{0,80}(?:\.[A-Za-z_]\w{0,80}){1,10}")
_NAME = re.compile(r"(?<![\w./@])[A-Za-z_]\w{2,80}(\(\))?")
_WORD = re.compile(r"[A-Za-z_]\w{2,60}")
_CAMEL = re.compile(r"[A-Z]?[a-z]+[A-Z0-9_]\w*|[A-Z]{2,}[a-z]\w*")
_LIBRARY = ("site-packages/", "dist-packages/")
_OUTSIDE = re.compile(r"(^|/)lib(64)?/python[\d.]+/(?!site-packages|dist-packages)")
_WEB = ("www.", "http")


def find_entities(parts: Parts, limit: int) -> tuple[Entity, ...]:
    """Everything the issue names, the surest first, at most `limit`, each once."""
    prose = "\n".join([parts.title, *parts.prose])
    code = "\n".join(parts.code)
    trace = "\n".join(parts.trace)
    everything = f"{prose}\n{code}\n{trace}"
    found = [
        *frames(everything),
        *links(everything),
        *paths(everything),
        *messages(everything),
        *named(parts.title, 1.0),
        *inline(prose),
        *named("\n".join(parts.prose), 0.7),
        *named(code, 0.5),
    ]
    best: dict[tuple[str, str], Entity] = {}
    for entity in found:
        key = (entity.kind, entity.text)
        if key not in best or best[key].weight < entity.weight:
            best[key] = entity
    return tuple(sorted(best.values(), key=lambda entity: -entity.weight)[:limit])


def frames(text: str) -> Iterator[Entity]:
    """Traceback frames as `path:line:function`; the last ones, nearest to the failure, weigh most."""
    found: list[str] = []
    for line in text.split("\n"):
        match = _FRAME.search(line) or _IPYTHON_FRAME.match(line) or _PYTEST_FRAME.match(line)
        if match and not _OUTSIDE.search(match[1]):
            path = _inside_package(match[1].replace("\\", "/"))
            found.append(f"{path}:{match[2] or 0}:{(match[3] or '').rpartition('.')[2]}")
    for distance, text_of_frame in enumerate(reversed(found)):
        yield Entity("frame", text_of_frame, max(1.0 - 0.1 * distance, 0.3))


def links(text: str) -> Iterator[Entity]:
    """Source links: a path, and with a line anchor the frame that it points at."""
    for path, line in _LINK.findall(text):
        yield Entity("frame", f"{path}:{line}:", 0.9) if line else Entity("path", path, 1.0)


def paths(text: str) -> Iterator[Entity]:
    """File paths and file names."""
    for path in _PATH.findall(text):
        if not path.startswith(_WEB):
            yield Entity("path", _inside_package(path.replace("\\", "/")), 0.9 if "/" in path or "\\" in path else 0.6)


def messages(text: str) -> Iterator[Entity]:
    """Error messages with the exception's name in front, `ValueError: text`."""
    for name, message in _RAISED.findall(text):
        yield Entity("message", f"{name.rpartition('.')[2]}: {message.strip()}".strip(": "), 0.9)


def inline(prose: str) -> Iterator[Entity]:
    """Code quoted inside a sentence."""
    for quoted in _INLINE.findall(prose):
        stripped = quoted.strip().removesuffix("()")
        if _DOTTED.fullmatch(stripped) or _WORD.fullmatch(stripped):
            yield Entity("name", stripped, 0.9)
        elif stripped:
            yield Entity("code", stripped, 0.6)
    for pair in _QUOTED.findall(prose):
        quoted = pair[0] or pair[1]
        if quoted.count(" ") >= 2:
            yield Entity("message", quoted.strip(), 0.6)


def named(text: str, weight: float) -> Iterator[Entity]:
    """Dotted names, and words that are written as only identifiers are."""
    for dotted in _DOTTED.findall(text):
        if not dotted.lower().startswith(_WEB) and not _PATH.fullmatch(dotted):
            yield Entity("name", dotted.removeprefix("self."), weight)
    for match in _NAME.finditer(text):
        word = match[0].removesuffix("()")
        if match[1] or "_" in word.strip("_") or _CAMEL.fullmatch(word) or word.startswith("__"):
            yield Entity("name", word, weight)


def find_keywords(parts: Parts, limit: int) -> tuple[str, ...]:
    """The words that carry the issue, by how often and how prominently they stand."""
    counts: Counter[str] = Counter()
    for lines, weight in (((parts.title,), 4), (parts.prose, 2), (parts.code, 1), (parts.trace, 1)):
        for word in _words(lines):
            counts[word] += weight
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return tuple(word for word, _ in ranked[:limit])


def _words(lines: Iterable[str]) -> Iterator[str]:
    for line in lines:
        for word in _WORD.findall(line):
            whole = identifier_terms(word)[0]
            if whole not in STOP_WORDS and len(whole) > 2:
                yield whole


def _inside_package(path: str) -> str:
    for folder in _LIBRARY:
        _, found, rest = path.rpartition(folder)
        if found:
            return rest
    return path
