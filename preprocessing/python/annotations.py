"""What a type annotation says of values, read from its text.

Knows the generic containers and wrappers of Python's typing. Does not know what a name means.
"""

import re
from functools import lru_cache

ELEMENT = "[]"
_NAME = re.compile(r"[^\W\d]\w*(?:\.[^\W\d]\w*)*")
_WRAPPERS_WORDS = """
    Annotated Awaitable ClassVar Coroutine Final InitVar Mapped NotRequired Optional ReadOnly Required TypeGuard
    Union
    """
_WRAPPERS = frozenset(_WRAPPERS_WORDS.split())
_CONTAINERS_WORDS = """
    AbstractAsyncContextManager AbstractContextManager AbstractSet AsyncContextManager AsyncGenerator
    AsyncIterable AsyncIterator Collection Container ContextManager Deque FrozenSet Generator Iterable Iterator
    List MutableSequence MutableSet Reversible Sequence Set deque frozenset list set
    """
_CONTAINERS = frozenset(_CONTAINERS_WORDS.split())
_MAPPINGS_WORDS = """
    ChainMap DefaultDict Dict Mapping MappingView MutableMapping OrderedDict ValuesView WeakKeyDictionary
    WeakValueDictionary defaultdict dict
    """
_MAPPINGS = frozenset(_MAPPINGS_WORDS.split())
_SELF = frozenset({"Self"})
_SAY_NOTHING_WORDS = """
    Any Callable Literal LiteralString Never NoReturn None Type TypeAlias TypeVar object type Ellipsis
    """
_SAY_NOTHING = frozenset(_SAY_NOTHING_WORDS.split())
_DEEPEST = 8
_MOST_ITEMS = 6
Said = tuple[str, str]


@lru_cache(maxsize=1 << 14)
def read_annotation(text: str) -> tuple[Said, ...]:
    """What an annotation says: (place, chain) pairs, where the place is empty for the value, `[]` for its elements.

    `Foo | None` gives ("", "Foo()"), `list[Foo]` gives ("[]", "Foo()"), `tuple[A, B]` a `[0]` and a `[1]`.
    """
    return tuple(dict.fromkeys(_said(text, "", _DEEPEST)))


def _said(text: str, place: str, depth: int) -> list[Said]:
    text = text.strip().strip("'\"").strip()
    if not depth or not text:
        return []
    parts = _split(text, "|")
    if len(parts) > 1:
        return [said for part in parts for said in _said(part, place, depth - 1)]
    head, bracket, inner = text.partition("[")
    head = head.strip()
    if not _NAME.fullmatch(head):
        return []
    last = head.rpartition(".")[2]
    if not bracket:
        return _plain(head, last, place)
    return _generic(head, _split(inner.rstrip().removesuffix("]"), ","), place, depth - 1)


def _plain(head: str, last: str, place: str) -> list[Said]:
    if last in _SAY_NOTHING:
        return []
    return [(place, "self" if last in _SELF else f"{head}()")]


def _generic(head: str, items: list[str], place: str, depth: int) -> list[Said]:
    last = head.rpartition(".")[2]
    if last in ("type", "Type"):
        return [(place, said.removesuffix("()")) for _, said in _said(items[0], "", depth)]
    if last in _WRAPPERS:
        items = items[-1:] if last == "Coroutine" else items[:1] if last == "Annotated" else items
        return [said for item in items for said in _said(item, place, depth)]
    if last in _CONTAINERS:
        return _said(items[0], ELEMENT, depth)
    if last in _MAPPINGS:
        return _said(items[-1], ELEMENT, depth)
    if last in ("tuple", "Tuple"):
        return _tuple(items, depth)
    return _plain(head, last, place)


def _tuple(items: list[str], depth: int) -> list[Said]:
    if items[-1].strip() == "...":
        return _said(items[0], ELEMENT, depth)
    return [said for number, item in enumerate(items[:_MOST_ITEMS]) for said in _said(item, f"[{number}]", depth)]


def _split(text: str, separator: str) -> list[str]:
    """Split outside of brackets."""
    if separator not in text:
        return [text]
    parts, start, depth = [], 0, 0
    for position, character in enumerate(text):
        if character in "[(":
            depth += 1
        elif character in "])":
            depth -= 1
        elif character == separator and not depth:
            parts.append(text[start:position])
            start = position + 1
    return [*parts, text[start:]]
