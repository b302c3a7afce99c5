"""The fields, globals, parameters and local variables of one file in any language.

Knows what is a node of its own, what is only bound, and what is said of a variable's type. Does not know uses.
"""

from cgm.details import NodeDetails, Parameter
from cgm.graph import NodeKind
from preprocessing.facts import MODULE, SIGNATURE, Assigned, Definition
from preprocessing.polyglot.definitions import Definitions, last_line, one_line
from preprocessing.polyglot.expressions import Expressions, clean_name
from preprocessing.polyglot.extents import Extents, join_names
from preprocessing.polyglot.grammar import Match, Matches

_VARIABLES = ("definition.attribute", "definition.parameter", "definition.local", "definition.none")
_LONGEST_DETAIL = 300
_OWN = "self."
RETURNED = "return"  # a variable of no name stands for what a function gives back


class Variables:
    """What the variables of one file define, bind and say of values; `details` go with `definitions`."""

    def __init__(self, matches: Matches, expressions: Expressions, extents: Extents, definitions: Definitions) -> None:
        self.definitions: dict[tuple[int, str], Definition] = {}
        self.details: list[NodeDetails] = []
        self.parameters: dict[int, list[Parameter]] = {}
        self.parameter_names: dict[int, list[tuple[int, int]]] = {}
        self.assigned: list[Assigned] = []
        self.bound: dict[int, set[str]] = {}
        self.unbound: list[int] = []  # fields of functions that make objects, as numbers of definitions
        self._matches = matches
        self._expressions = expressions
        self._extents = extents
        self._known = definitions
        self._taken = {(row.parent, row.name) for row in definitions.rows}
        for match in self._chosen():
            self._variable(match)
        for match in matches.all("assignment"):
            self._assignment(match)
        for match in matches.all("returned"):
            self._returned(match)

    def _chosen(self) -> list[Match]:
        """One match for each name: none where the name is an import's or a function's, else the first pattern's."""
        best: dict[int, Match] = {}
        for kind in _VARIABLES:
            for match in self._matches.all(kind):
                start = match.parts["name"].start_byte
                if start not in best or match.rank < best[start].rank:
                    best[start] = match
        outlines = self._extents.outlines
        taken = {one.match.parts["name"].start_byte for one in outlines if "name" in one.match.parts}
        taken |= {match.parts["import.alias"].start_byte for match in self._imports("import.alias")}
        taken |= {match.parts["import.name"].start_byte for match in self._imports("import.name")}
        chosen = (best[start] for start in sorted(best.keys() - taken))
        return [match for match in chosen if "definition.none" not in match.parts]

    def _imports(self, part: str) -> list[Match]:
        return [match for match in self._matches.all("import") if part in match.parts]

    def _variable(self, match: Match) -> None:
        name = clean_name(self._matches.text(match.parts["name"]))
        # a parameter's or record's field lies in the header of what it belongs to
        outline, part = self._extents.at(match.parts["name"].start_byte)
        is_attribute = "definition.attribute" in match.parts
        if "definition.parameter" in match.parts and part == SIGNATURE:
            node = match.parts["name"]
            self.parameters.setdefault(outline, []).append(self._parameter(match, name))
            self.parameter_names.setdefault(outline, []).append((node.start_byte, node.end_byte))
        if is_attribute and not self._extents.is_callable(outline):
            self._define(name, match)
            return
        if "definition.parameter" in match.parts and not self._extents.is_callable(outline):
            # of a declaration without a body, or of a type
            return
        scope = self._extents.scope_of(outline)
        known_as = self._expressions.variable(name)
        self.bound.setdefault(scope, set()).add(known_as)
        self._assign(scope, known_as, match)

    def _define(self, name: str, match: Match) -> None:
        scope, owner = self._known.owner_at(match.parts["name"].start_byte)
        name = join_names(owner, name)
        if (scope, name) in self._taken or (scope, name) in self.definitions:
            return
        start, end = match.node.start_point.row + 1, last_line(match.node)
        self.definitions[scope, name] = Definition(int(NodeKind.ATTRIBUTE), name, scope, start, end)
        self.details.append(NodeDetails(returns=self._text(match, "type")))
        self._assign(scope, name, match)

    def _parameter(self, match: Match, name: str) -> Parameter:
        # one that takes all that is left keeps its dots or stars, as in Python
        if "..." in self._matches.text(match.node)[:_LONGEST_DETAIL] and "..." not in name:
            name = f"...{name}"
        return Parameter(name, self._text(match, "type"), self._text(match, "value"))

    def _text(self, match: Match, part: str) -> str:
        node = match.parts.get(part)
        return one_line(self._matches.text(node)[:_LONGEST_DETAIL]).lstrip(": ") if node is not None else ""

    def _assign(self, scope: int, target: str, match: Match) -> None:
        """Say of what class a variable is: of its written type, or of what its value gives."""
        named = self._expressions.of_type(match.parts.get("type"))
        if alias := self._expressions.of_type(match.parts.get("alias")):
            self.assigned.append(Assigned(scope, target, alias))
        elif named:
            self.assigned.append(Assigned(scope, target, f"{named}()"))
        elif "value" in match.parts:
            value = self._expressions.chain(match.parts["value"])
            if not value.startswith("?"):
                self.assigned.append(Assigned(scope, target, value))

    def _target(self, match: Match) -> str:
        if "target" in match.parts:
            return self._expressions.chain(match.parts["target"])
        return f"{_OWN}{clean_name(self._matches.text(match.parts['name']))}"

    def _assignment(self, match: Match) -> None:
        """A field of the own object is defined where it is first stored."""
        target = self._target(match)
        scope = self._extents.scope_at(match.node.start_byte)
        if scope == MODULE or not target.startswith(_OWN) or target.count(".") != 1:
            return
        self._assign(scope, target, match)
        owner = self._maker(scope)
        name = target.removeprefix(_OWN)
        if owner == MODULE or (owner, name) in self._taken or (owner, name) in self.definitions:
            return
        if self._known.rows[owner].kind == NodeKind.FUNCTION:
            self.unbound.append(len(self._known.rows) + len(self.definitions))
        start, end = match.node.start_point.row + 1, last_line(match.node)
        self.definitions[owner, name] = Definition(int(NodeKind.ATTRIBUTE), name, owner, start, end)
        self.details.append(NodeDetails(returns=self._text(match, "type")))

    def _returned(self, match: Match) -> None:
        outline, _ = self._extents.at(match.node.start_byte)
        if outline < 0 or self._extents.outlines[outline].kind != NodeKind.FUNCTION:
            return
        value = self._expressions.chain(match.node)
        if not value.startswith(("?", "'")):
            self.assigned.append(Assigned(self._extents.scope_of(outline), RETURNED, value))

    def _maker(self, scope: int) -> int:
        """Whose fields a function stores: its class's, its own where it is called like one, or MODULE for nobody's."""
        row = self._known.rows[scope]
        if row.parent != MODULE and self._known.rows[row.parent].kind == NodeKind.CLASS:
            return row.parent
        return scope if row.parent == MODULE and row.name[:1].isupper() and "." not in row.name else MODULE
