"""Phase 1 for any language but Python: the matches of its query into facts.

Knows the captures below. Does not know grammars (`preprocessing.polyglot.grammar`) nor other files. Every pattern of
`queries/<language>.scm` has one main capture, and parts beside it:

    @definition.class        a class, struct, enum, record, object: CLASS; without a name it is one that stands where
                             an object is made of it, and @extends is its base; `(#set! open "")` where its members are
                             also known without it
    @definition.interface    an interface or trait: CLASS, whose classes implement it
    @definition.function     a function, method or constructor: FUNCTION; so is a function expression bound to a name
    @definition.lambda       a function without a name: LAMBDA; what it defines belongs to the definition around
    @definition.attribute    a field, constant, variant, global: ATTRIBUTE; inside a function it is a local variable
    @definition.parameter    a parameter
    @definition.local        a variable that is never more than local
    @definition.none         a declaration of what is defined elsewhere, or a second name of the same
      @name                  or `(#set! name "default")`; lambdas need none; of two definitions of one name node the
                             first pattern counts
      @body                  where the header ends
      @parameters @returns   the whole parameter list, the written return type
      @type @value           the written type, or the expression whose value it gets; a function expression here is no
                             lambda of its own
      @alias                 the type that it is another name of
      @receiver              the type whose member a function is that stands outside of it; `(#set! unbound "")` where
                             it is a member of an object without a name
      @abstract              whatever says that it is abstract; so is a function without @body
    @namespace               a name space within the file: what lies in it has its @name before its own
    @block                   an `impl` block: its functions are members of its @receiver, as are its @implements
    @extends @implements     a base type; it belongs to the class or block whose header holds it, or to @receiver
    @package                 the clause that gives the package of the file: @package.name
    @import                  @import.module (path or dotted name), @import.name (what is taken from it; `*` is all),
                             @import.alias (its name here); with @import.exported others may import it from here under
                             that name. `(#set! import.name "default")` and the like set a part that is not written
    @import.tree             a Rust import list such as `use a::{b, c::d as e}`, whole
    @using                   @using.path is a name space whose names the file may use as its own, or with @using.name
                             a definition or name space that is known under that name
    @export                  @export.name is what others import @export.value as
    @call                    @callee, or @object and @member as in an access; @arguments, which are counted; what
                             `(#set! suffix "!")` adds says that a macro is meant
    @access                  @object and @member
    @expression              an expression that is its @inner, or an object of the type @of or of the one that is set,
                             as in `(#set! of "String")`; else it has no name
    @literal                 a text, number or list
    @reference               a name of a type or constant, wherever it is defined
    @mention                 any name: a reference where the file defines or imports it
    @path                    a name with its whole path, a reference wherever it is defined
    @module                  the word of a path for the module that it stands in
    @assignment              @target and @value: what is stored in a field of the own object defines that field; or
                             @name and @type of a parameter that is also a field
    @annotation              an annotation that stands before a definition, and belongs to its header
    @returned                the expression that a function without a written type gives back
    @decorator               the name of an annotation in the header of a definition
    @ignored                 what holds neither calls nor references
    @branch                  a decision, for cyclomatic complexity
    @string @comment         text that is no code

Chains are written with `.` whatever the language writes; own words become `self`, `cls` and `super`; a call's chain
ends in `/` and its number of arguments, followed by `:` and the arguments' own chains where a language has overloads.
"""

from collections.abc import Callable, Iterator
from functools import cache, partial
from importlib import metadata, resources

from cgm.details import encode_details
from cgm.graph import NodeKind
from cgm.store import fingerprint
from preprocessing.facts import (
    EXPORT,
    EXTENDS,
    IMPLEMENTS,
    LEFT_OUT,
    MODULE,
    OPEN,
    PACKAGE,
    UNBOUND,
    USING,
    WITHIN,
    Clause,
    FileFacts,
    Words,
)
from preprocessing.languages import BY_NAME, Language
from preprocessing.polyglot.definitions import Definitions
from preprocessing.polyglot.expressions import Expressions
from preprocessing.polyglot.extents import Extents
from preprocessing.polyglot.grammar import Match, Matches, grammar_version, query_source, read_matches
from preprocessing.polyglot.uses import calls, imports, references
from preprocessing.polyglot.variables import Variables
from preprocessing.versions import code_version
from preprocessing.words import Prose, count_words
from preprocessing.zones import Zones

_MAINS = (
    "definition.class definition.interface definition.function definition.lambda definition.attribute "
    "definition.parameter definition.local definition.none namespace block extends implements package import "
    "import.tree using export call access expression literal reference mention path module assignment returned "
    "annotation decorator ignored branch string comment"
)
MAINS = frozenset(_MAINS.split())


@cache
def extract_version(language: Language) -> str:
    """A digest of all that decides what the facts of a file in a language are."""
    versions = [metadata.version("tree-sitter"), grammar_version(language)]
    other = extract_version(BY_NAME[language.otherwise]) if language.otherwise else ""
    code = code_version("facts", "languages", "words", "zones", "polyglot/")
    details = resources.files("cgm").joinpath("details.py").read_text(encoding="utf-8")
    return fingerprint(code, details, language.name, query_source(language), versions, other)


def extract(language: Language, source: bytes, seconds: float = 10.0) -> FileFacts:
    """Facts of a file in a language with a query, however broken its syntax; no binary.

    Raises:
        ParseError: it took longer than `seconds`.
    """
    matches = read_matches(language, source, MAINS, seconds)
    language = matches.language
    expressions = Expressions(language, matches)
    extents = Extents(matches, expressions)
    definitions = Definitions(matches, expressions, extents)
    variables = Variables(matches, expressions, extents, definitions)
    rows = (*definitions.rows, *variables.definitions.values())
    details = [*definitions.details(variables.parameters, variables.parameter_names), *variables.details]
    return FileFacts(
        language=language.name,
        lines=source.count(b"\n") + bool(source and not source.endswith(b"\n")),
        definitions=rows,
        imports=imports(matches, extents),
        calls=calls(matches, expressions, extents),
        references=references(matches, expressions, extents, rows, variables.bound),
        assigned=tuple(dict.fromkeys(variables.assigned)),
        bound={scope: frozenset(names) for scope, names in sorted(variables.bound.items())},
        count_words=_words(matches, extents),
        complexity=(*definitions.complexity(), *([0] * len(variables.definitions))),
        details="\n" + "".join(map(encode_details, details)),
        clauses=tuple(
            dict.fromkeys(
                [
                    *_clauses(matches, expressions),
                    *(Clause(WITHIN, MODULE, "", space, 0) for space in extents.spaces()),
                    *(Clause(LEFT_OUT, MODULE, "", "torn conditional", line) for line in matches.left_out),
                    *_scope_clauses(definitions, variables),
                    *_bases(matches, expressions, definitions),
                ]
            )
        ),
    )


def _scope_clauses(definitions: Definitions, variables: Variables) -> Iterator[Clause]:
    """By which names scopes and their members are known."""
    yield from (Clause(OPEN, scope, "", "", 0) for scope in definitions.open())
    yield from (Clause(UNBOUND, scope, owner, "", 0) for scope, owner in definitions.unbound())
    yield from (Clause(UNBOUND, number, "self", "", 0) for number in variables.unbound)


def _clauses(matches: Matches, expressions: Expressions) -> list[Clause]:
    """What a file says of itself as a whole: its package, its exports and what it uses."""
    rows = []
    for match in matches.all("package"):
        name = matches.text(match.parts["package.name"])
        rows.append(Clause(PACKAGE, MODULE, "", "".join(name.split()), _line(match)))
    for match in matches.all("export"):
        value = expressions.chain(match.parts["export.value"])
        rows.append(Clause(EXPORT, MODULE, _exported_name(matches, match), value, _line(match)))
    return rows + [_using(matches, expressions, match) for match in matches.all("using")]


def _bases(matches: Matches, expressions: Expressions, definitions: Definitions) -> Iterator[Clause]:
    """The bases of classes: in their headers, of blocks, said elsewhere, and of classes without a name."""
    for kind in (EXTENDS, IMPLEMENTS):
        for match in matches.all(kind):
            scope, owner = definitions.owner_at(match.node.start_byte)
            if "receiver" in match.parts:
                scope, owner = MODULE, expressions.owner(match.parts["receiver"])
            named = expressions.owner(match.node)
            is_header = scope != MODULE and definitions.rows[scope].kind == NodeKind.CLASS
            if named and (owner or is_header) and "definition.class" not in match.parts:
                yield Clause(kind, scope, owner, named, _line(match))
    for outline in definitions.nameless_classes():
        node = outline.match.parts.get(EXTENDS)
        if node is not None:
            yield Clause(EXTENDS, outline.scope, "", expressions.owner(node), _line(outline.match))


def _using(matches: Matches, expressions: Expressions, match: Match) -> Clause:
    """A name space whose names are used as own, or a name of its own for something; `last` is that of the path."""
    path, node = expressions.chain(match.parts["using.path"]), match.parts.get("using.name")
    name = matches.text(node) if node is not None else match.settings.get("using.name") or ""
    return Clause(USING, MODULE, path.rpartition(".")[2] if name == "last" else name, path, _line(match))


def _exported_name(matches: Matches, match: Match) -> str:
    node = match.parts.get("export.name")
    return matches.text(node).strip("\"'") if node is not None else match.settings.get("export.name") or "*"


def _line(match: Match) -> int:
    return match.node.start_point.row + 1


def _words(matches: Matches, extents: Extents) -> Callable[[], Words]:
    """What counts the words of every class, function and the file itself; a lambda's are those of what is around it."""
    prose = Prose(
        *([(one.node.start_byte, one.node.end_byte) for one in matches.all(kind)] for kind in ("string", "comment"))
    )
    owners = tuple((extents.scope_of(outline), part) for outline, part in extents.owners)
    names = [outline.match.parts["name"].start_byte for outline in extents.outlines if "name" in outline.match.parts]
    grammar = {word: number for number, word in enumerate(sorted(matches.keywords))}
    return partial(count_words, matches.source, prose, Zones.of(extents.positions, owners, names), grammar)
