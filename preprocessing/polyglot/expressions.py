"""Expressions of any language as chains: `a.b`, `Session().get`, `self.x.run`.

Knows the captures `@access`, `@call` and `@expression`, and a language's own words and separators. Does not know
scopes. A part that has no name is `?`, a literal is `''`.
"""

import re

from tree_sitter import Node

from preprocessing.languages import Language
from preprocessing.polyglot.grammar import Match, Matches

UNNAMED = "?"
OWN_MODULE = "mod"  # how a chain writes a file's own module, and the one around it
MODULE_AROUND = "up"
_LITERAL = "''"
_DEEPEST_CHAIN = 12
_LONGEST_HEAD = 400
_LONGEST_OWN = 20
_MOST_ARGUMENTS = 6
_OWN = frozenset({"self", "cls"})
_LONGEST_ARGUMENT = 60
_APART = re.compile(r"[,:/!]")
_NAME = r"[#@]?[^\W\d][\w$]*|[$][\w$]*"
_PLAIN = re.compile(rf"(?:{_NAME})(?:\.(?:{_NAME}))*")
_GENERIC = re.compile(r"<.*", re.DOTALL)
_ARGUMENTS = re.compile(r"<[^<>]*>")
_INNER_TYPE = re.compile(r">\s*::")
_OPERATOR = re.compile(r"\boperator\b")
_LONGEST_NAME = 200
_TYPE_NAME = re.compile(rf"(?:{_NAME})(?:\s*(?:\.|::)\s*(?:{_NAME}))*")
_WRAPPED = re.compile(r"\s*[<\[]\s*(.*)", re.DOTALL)
# words before a type that say how it is held
_HOLDER_WORDS = (
    "abstract asserts auto class const constexpr dyn enum extends extern final impl in infer inline is keyof let mut "
    "mutable new out private protected public readonly ref register signed static struct super typename typeof union "
    "unique unsigned val var void volatile"
)
_HOLDERS = frozenset(_HOLDER_WORDS.split())


class Expressions:
    """Writes the expressions of one file as chains."""

    def __init__(self, language: Language, matches: Matches) -> None:
        self._language = language
        self._matches = matches
        self._steps: dict[int, tuple[Node | None, str]] = {}
        self._modules = {match.node.id for match in matches.all("module")}
        self._literals = {match.node.id for match in matches.all("literal")}
        for match in matches.all("expression"):
            self._steps.setdefault(match.node.id, self._expression(match))
        for match in matches.all("access"):
            self._steps.setdefault(match.node.id, self._access(match, ""))
        for match in matches.all("call"):
            self._steps.setdefault(match.node.id, self._call(match))

    def chain(self, node: Node) -> str:
        """Write an expression as a chain."""
        parts: list[str] = []
        current: Node | None = node
        for _ in range(_DEEPEST_CHAIN):
            if current is None:
                return "".join(reversed(parts))
            step = self._steps.get(current.id)
            if step is None:
                return self._head(current) + "".join(reversed(parts))
            current, part = step
            parts.append(part)
        return UNNAMED + "".join(reversed(parts))

    def callee(self, match: Match) -> str:
        """What a call calls, as a chain with the number of arguments: `a.b/2`."""
        parts = match.parts
        if "callee" in parts:
            chain = self.chain(parts["callee"])
        else:
            inner, part = self._access(match, "")
            chain = (self.chain(inner) if inner is not None else "") + part
        chain += match.settings.get("suffix") or ""
        return f"{chain}/{self._arguments(parts['arguments'])}" if "arguments" in parts else chain

    def _arguments(self, node: Node) -> str:
        """The number of arguments, and what they are where that chooses among functions."""
        given = [child for child in node.named_children if not child.is_extra]
        chains = [self._argument(child) for child in given[:_MOST_ARGUMENTS]] if self._language.overloads else []
        is_known = any(chain != UNNAMED for chain in chains)
        return f"{len(given)}:{','.join(chains)}" if is_known else str(len(given))

    def _argument(self, node: Node) -> str:
        chain = self.chain(node)
        return chain if len(chain) <= _LONGEST_ARGUMENT and not _APART.search(chain) else UNNAMED

    def defined_name(self, node: Node) -> tuple[str, str]:
        """The owner and the name that a definition is written with: `List<T>::size` is size of List."""
        text = self._matches.text(node)[:_LONGEST_HEAD]
        if text.startswith("("):
            # a test whose macro takes the names of its suite and of itself
            return "", "_".join(re.findall(r"\w+", text))
        operator = _OPERATOR.search(text) if "::" in self._language.separators else None
        path, name = (text[: operator.start()], text[operator.start() :]) if operator else (text, "")
        path = self._dotted(_without_arguments(path)) if "::" in path or "<" in path else path
        if operator:
            return path.strip("."), _operator_name(name)
        owner, _, name = path.rpartition(".") if "::" in text else ("", "", path)
        return owner, clean_name(name)

    def of_type(self, node: Node | None) -> str:
        """The class that a type names as a chain, empty where it names none: `Map<K, V>` names Map."""
        return self.named_type(self._matches.text(node)) if node is not None else ""

    def owner(self, node: Node) -> str:
        """What a definition outside of it is a member of: an object or a type."""
        chain = self.chain(node)
        return chain if _PLAIN.fullmatch(chain) else self.of_type(node)

    def named_type(self, text: str) -> str:
        """The class that the text of a type names as a chain; a wrapper such as `Promise<T>` names T."""
        text = text[:_LONGEST_HEAD]
        if _INNER_TYPE.search(text):
            text = _without_arguments(text)
        while found := _TYPE_NAME.search(text):
            name = self._dotted(found[0])
            text = text[found.end() :]
            if name in _HOLDERS:
                continue
            inner = _WRAPPED.match(text)
            if inner is None or name.rpartition(".")[2] not in self._language.wrappers:
                return self._owned(name)
            text = inner[1]
        return ""

    def _expression(self, match: Match) -> tuple[Node | None, str]:
        if "of" in match.settings:
            return None, f"{match.settings['of']}()"
        if "of" in match.parts:
            named = self.of_type(match.parts["of"])
            return None, f"{named}()" if named else UNNAMED
        return (match.parts["inner"], "") if "inner" in match.parts else (None, UNNAMED)

    def _access(self, match: Match, calls: str) -> tuple[Node | None, str]:
        member, inner = self._matches.text(match.parts["member"]), match.parts.get("object")
        if inner is None:
            return None, self._owned(member) + calls
        if self._language.own_words.get(member) == "self":
            # `Outer.this` is an object of Outer
            return inner, "()" + calls
        if member in self._language.unspoken:
            return inner, calls
        is_short = match.node.end_byte - match.node.start_byte <= _LONGEST_OWN
        own = self._language.own_words.get(self._matches.text(match.node)) if is_short and not calls else None
        if own is not None:
            return None, own
        return inner, f".{member}{calls}" if _PLAIN.fullmatch(member) else f".{UNNAMED}{calls}"

    def _call(self, match: Match) -> tuple[Node | None, str]:
        callee = match.parts.get("callee")
        return (callee, "()") if callee is not None else self._access(match, "()")

    def _head(self, node: Node) -> str:
        if node.id in self._literals:
            return _LITERAL
        if node.id in self._modules:
            return OWN_MODULE
        if node.end_byte - node.start_byte > _LONGEST_HEAD:
            return UNNAMED
        text = self._dotted(self._matches.text(node))
        if not _PLAIN.fullmatch(text):
            text = _GENERIC.sub("", _without_arguments(text)).strip(".")
        return self._owned(text) if _PLAIN.fullmatch(text) else UNNAMED

    def _dotted(self, text: str) -> str:
        """A path with dots and without white space."""
        text = "".join(text.split())
        for separator in self._language.separators:
            text = text.replace(separator, ".")
        return text

    def _owned(self, chain: str) -> str:
        """A chain whose first name is `self`, `cls` or `super` where the language has a word for it."""
        head, dot, rest = chain.partition(".")
        return f"{self._language.own_words.get(head) or self.variable(head)}{dot}{rest}"

    def variable(self, name: str) -> str:
        """The name of a variable in chains: another where it could be taken for an own word."""
        return f"{name}_" if name in _OWN and name not in self._language.own_words else name


def clean_name(text: str) -> str:
    """A defined name without white space and quotes."""
    return "".join(text.split()).strip("\"'`")[:_LONGEST_NAME] or "?"


def _operator_name(text: str) -> str:
    """The name of an operator: `operator==`, and `operator bool` without its parameters."""
    symbol = text.removeprefix("operator").strip()
    if symbol[:1].isalpha():
        return f"operator {clean_name(symbol.partition('(')[0])}"
    return f"operator{clean_name(symbol)}"


def _without_arguments(text: str) -> str:
    """A path without the arguments of its generic parts: `a::List<T>::Item` is a::List::Item."""
    shorter = _ARGUMENTS.sub("", text)
    while shorter != text:
        text, shorter = shorter, _ARGUMENTS.sub("", shorter)
    return text
