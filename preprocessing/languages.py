"""The languages that the code graph knows, one row each.

Knows which files are of a language, which grammar and queries read it, and how its names work. Does not know syntax
trees (`preprocessing.polyglot.grammar`) nor what a query captures (`preprocessing.polyglot.extract`). Python has a
parser of its own (`preprocessing.python.parse`), so its row says no more than which files it is.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache

from preprocessing.facts import PYTHON


class ImportRule(StrEnum):
    """How an import names files (`preprocessing.polyglot.origins`)."""

    PATH = "path"  # a path relative to the importing file, as in JavaScript
    PACKAGE = "package"  # a name below the package that a file declares, as in Java
    FOLDER = "folder"  # a folder below a declared module path, as in Go
    CRATE = "crate"  # a path of modules below a crate, as in Rust
    INCLUDE = "include"  # a path relative to any folder, which gives all names, as in C


@dataclass(frozen=True, eq=False)
class Language:
    """One language.

    `grammar` is `module:function` of the wheel `distribution`. `queries` are files below `queries/` that count as one.
    Languages of one `family` name each other's definitions. `own_words` writes the words for the own object, class and
    parent as `self`, `cls` and `super`. `separators` are what stands between the names of a chain beside `.`.
    `constructors` are methods that making an object calls, an empty one those named as their class. `implicit_self`
    holds where a bare name may mean a member of the class around. `methods_apart` where that may be so though a
    variable has the same name. `types_are_written` where a variable whose type is not known is rarely of a class of the
    repository. `call_operator` is the member that calling an object calls. `wrappers` are generic types that stand for
    their first argument: `Promise<T>` is a T to whoever uses it. `unspoken` are members that a chain passes over,
    `callers` members of a function that call it, `own_modules` names for what a file exports. `overloads` holds where
    functions of one name differ by their parameters. `builtins` are names of the language, `common` methods of its own
    types, which a bare method's name is taken to mean. `has_method_sets` holds where a type implements an interface by
    having its methods, `implements_by_overriding` where whoever extends a class with abstract methods implements it.
    `has_name_spaces` holds where name spaces inside files stand before the names of definitions, with dots.
    `has_macros` holds where a preprocessor runs before the grammar fits (`preprocessing.polyglot.macros`). `otherwise`
    is the language that a file of this one is read as where its text matches `signs_of_other` or that grammar fits it
    better.
    """

    name: str
    suffixes: tuple[str, ...]
    distribution: str = ""
    grammar: str = ""
    queries: tuple[str, ...] = ()
    family: str = ""
    imports: ImportRule = ImportRule.PATH
    own_words: Mapping[str, str] = field(default_factory=dict)
    separators: tuple[str, ...] = ()
    constructors: tuple[str, ...] = ()
    implicit_self: bool = False
    methods_apart: bool = False
    types_are_written: bool = False
    call_operator: str = ""
    wrappers: frozenset[str] = frozenset()
    unspoken: frozenset[str] = frozenset()
    callers: frozenset[str] = frozenset()
    own_modules: frozenset[str] = frozenset()
    overloads: bool = False
    builtins: frozenset[str] = frozenset()
    common: frozenset[str] = frozenset()
    has_method_sets: bool = False
    implements_by_overriding: bool = False
    has_name_spaces: bool = False
    has_macros: bool = False
    otherwise: str = ""
    signs_of_other: bytes = b""


_JAVA_BUILTINS = """
    boolean byte char double float int long short java javax Appendable
    IllegalAccessException SecurityException
    InstantiationException StackTraceElement Readable
    Boolean Byte CharSequence Character Class ClassLoader Comparable Deprecated Double Enum Error Exception Float
    FunctionalInterface IllegalArgumentException IllegalStateException Integer Iterable Long Math NullPointerException
    Number Object Override Record Runnable RuntimeException SafeVarargs Short String StringBuffer StringBuilder
    SuppressWarnings System Thread Throwable UnsupportedOperationException Void AutoCloseable AssertionError
    IndexOutOfBoundsException ClassCastException CloneNotSupportedException ArithmeticException InterruptedException
    NumberFormatException ReflectiveOperationException NoSuchFieldException NoSuchMethodException StackOverflowError
    ClassNotFoundException Cloneable Process Runtime ThreadLocal Package Module OutOfMemoryError LinkageError
    """

_JAVA_METHODS = """
    accept add addAll append apply charAt clear clone close collect compareTo computeIfAbsent contains containsKey
    containsValue endsWith entrySet equals filter finalize findFirst flatMap forEach format get getBytes getClass
    getKey getMessage getName getOrDefault getSimpleName getValue hasNext hashCode indexOf isEmpty isInstance
    isPresent iterator join keySet lastIndexOf length map matches name next notify notifyAll of orElse orElseGet
    ordinal parse print printStackTrace println put putAll putIfAbsent remove removeAll replace replaceAll run set
    size sort split startsWith stream substring test toArray toLowerCase toString toUpperCase trim valueOf values
    wait write
    """

_SCRIPT_BUILTINS = """
    Array ArrayBuffer BigInt Boolean Buffer DataView Date Error Function Infinity Intl JSON Map Math NaN Number Object
    Promise Proxy RangeError ReferenceError Reflect RegExp Set String Symbol SyntaxError TypeError URL URLSearchParams
    Uint8Array WeakMap WeakRef WeakSet AbortController AbortSignal EventTarget Event TextDecoder TextEncoder __dirname
    __filename clearImmediate clearInterval clearTimeout console decodeURIComponent document encodeURIComponent eval
    fetch globalThis import isFinite isNaN parseFloat parseInt process queueMicrotask require setImmediate setInterval
    setTimeout structuredClone undefined window AggregateError EvalError URIError Iterator Float32Array Float64Array
    Int8Array Int16Array Int32Array Uint16Array Uint32Array Uint8ClampedArray SharedArrayBuffer Atomics arguments
    Blob BodyInit Element File FormData HTMLElement Headers HeadersInit MessageChannel MessagePort Node ReadableStream
    Request RequestInfo RequestInit Response Storage TransformStream WebSocket Window Worker WritableStream
    XMLHttpRequest alert atob btoa cancelAnimationFrame confirm crypto global history localStorage location navigator
    performance requestAnimationFrame self sessionStorage
    """
_SCRIPT_METHODS = """
    add addEventListener appendChild apply at bind call catch charAt charCodeAt clear concat createElement
    defineProperty delete emit endsWith entries every exec fill filter finally find findIndex flat flatMap forEach
    freeze from get getAttribute getTime has hasOwnProperty includes indexOf isArray join keys lastIndexOf log map match
    matchAll next now of on once padEnd padStart parse pop preventDefault push querySelector reduce reduceRight reject
    removeEventListener repeat replace replaceAll resolve reverse search set setAttribute shift slice some sort splice
    split startsWith stringify substr substring test then toFixed toISOString toLowerCase toString toUpperCase trim
    trimEnd trimStart unshift valueOf values write end
    """
_TYPE_BUILTINS = """
    any bigint boolean never null number object string symbol undefined unknown
    Awaited Capitalize Exclude Extract InstanceType Iterable IterableIterator AsyncIterable AsyncIterator Lowercase
    NonNullable Omit Parameters Partial Pick PromiseLike PropertyKey Readonly ReadonlyArray ReadonlyMap ReadonlySet
    Record Required ReturnType ThisType Uncapitalize Uppercase ConstructorParameters Generator ArrayLike AsyncGenerator
    """


def _script(
    name: str, suffixes: tuple[str, ...], distribution: str, grammar: str, queries: tuple[str, ...]
) -> Language:
    """A dialect of JavaScript."""
    return Language(
        name=name,
        suffixes=suffixes,
        distribution=distribution,
        grammar=grammar,
        queries=queries,
        family="javascript",
        imports=ImportRule.PATH,
        own_words={"this": "self", "super": "super", "module.exports": "exports"},
        separators=("?.",),
        unspoken=frozenset({"prototype"}),
        callers=frozenset({"apply", "bind", "call"}),
        own_modules=frozenset({"exports"}),
        common=frozenset(_SCRIPT_METHODS.split()),
        constructors=("constructor",),
        wrappers=frozenset({"Promise", "Readonly", "Partial", "Required", "Awaited", "NonNullable"}),
        builtins=frozenset((_SCRIPT_BUILTINS + _TYPE_BUILTINS).split()),
    )


_GO_BUILTINS = """
    any append bool byte cap clear close comparable complex complex128 complex64 copy delete error false float32
    float64 imag int int16 int32 int64 int8 iota len make map max min new nil panic print println real recover rune
    string true uint uint16 uint32 uint64 uint8 uintptr chan func interface struct
    """

_RUST_BUILTINS = """
    AsMut AsRef Box Clone Copy Debug Default DoubleEndedIterator Drop Eq Err Extend ExactSizeIterator Fn FnMut FnOnce
    From FromIterator Hash Into IntoIterator Iterator None Ok Option Ord PartialEq PartialOrd Result Send Sized Some
    String Sync ToOwned ToString TryFrom TryInto Unpin Vec bool char drop f32 f64 i128 i16 i32 i64 i8 isize str u128
    u16 u32 u64 u8 usize assert assert_eq assert_ne cfg column compile_error concat dbg debug_assert debug_assert_eq
    debug_assert_ne env eprint eprintln file format format_args include include_bytes include_str line macro_rules
    matches module_path option_env panic print println stringify thread_local todo unimplemented unreachable vec write
    writeln
    """

_RUST_METHODS = """
    abs all and_then any as_bytes as_deref as_mut as_os_str as_path as_ref as_slice as_str borrow borrow_mut bytes chain
    chars chunks clear clone cloned cmp collect concat contains contains_key copied count dedup display drain
    ends_with entry enumerate eq expect extend extend_from_slice filter filter_map find find_map first flat_map flatten
    fold for_each get get_mut get_or_insert_with get_or_init hash insert into into_boxed_str into_inner into_iter
    into_owned into_string is_ascii_digit is_char_boundary is_empty is_err is_none is_ok is_some is_some_and iter
    iter_mut join keys last len lines load lock map map_err map_or map_or_else max min ne next nth ok ok_or ok_or_else
    or or_default or_else or_insert_with parse partial_cmp peek peekable pop position product push push_str read
    recv remove repeat replace retain rev reserve send skip sort sort_by sort_by_key sort_unstable split
    canonicalize components display exists extension file_name file_stem file_type is_dir is_file metadata parent
    split_at split_whitespace splitn starts_with step_by store strip_prefix strip_suffix sum swap take take_while
    to_lowercase to_ascii_lowercase to_os_string to_owned to_path_buf to_str to_string to_string_lossy to_uppercase
    to_vec trim trim_end trim_start truncate try_from try_into unwrap unwrap_err unwrap_or unwrap_or_default
    unwrap_or_else values values_mut windows with_capacity wrapping_add write zip
    """

_C_BUILTINS = """
    FILE NULL bool char double false float int int16_t int32_t int64_t int8_t intptr_t long ptrdiff_t short size_t
    ssize_t true uint16_t uint32_t uint64_t uint8_t uintptr_t va_list void abort abs assert atoi calloc exit fclose
    fflush fgets fopen fprintf fputc fputs fread free fseek ftell fwrite getenv isalnum isalpha isdigit isspace malloc
    memchr memcmp memcpy memmove memset offsetof printf putchar puts qsort realloc scanf sizeof snprintf sprintf
    sscanf stderr stdin stdout strcat strchr strcmp strcpy strdup strerror strlen strncmp strncpy strrchr strstr
    strtod strtol strtoul tolower toupper va_arg va_copy va_end va_start vfprintf vprintf vsnprintf vsprintf
    """


_CPP_BUILTINS = "auto const_cast dynamic_cast nullptr reinterpret_cast static_cast std typeid wchar_t char16_t char32_t"
_CPP_METHODS = """
    append assign at back begin c_str capacity cbegin cend clear compare contains count data emplace emplace_back empty
    end erase find find_first_of find_last_of first front get insert join length load lock lower_bound max_size
    notify_all notify_one pop pop_back pop_front push push_back push_front rbegin release rend replace reserve reset
    resize rfind second shrink_to_fit size sort store str substr swap top unlock upper_bound use_count value wait what
    """

_CPP_SIGNS = (
    rb"(?m)^[ \t]*+(?:(?:inline[ \t]++)?namespace\b[^;=]|class[ \t]++\w|template[ \t]*+<|using[ \t]++\w"
    rb"|(?:public|private|protected)[ \t]*+:)"
)


def _c(name: str, suffixes: tuple[str, ...], otherwise: str = "") -> Language:
    """C, and a header of it that may be one of C++."""
    return Language(
        name=name,
        suffixes=suffixes,
        distribution="tree-sitter-c",
        grammar="tree_sitter_c:language",
        queries=("clike",),
        family="c",
        imports=ImportRule.INCLUDE,
        separators=("->",),
        builtins=frozenset(_C_BUILTINS.split()),
        has_macros=True,
        otherwise=otherwise,
        signs_of_other=_CPP_SIGNS,
    )


LANGUAGES = (
    Language(PYTHON, (".py", ".pyi"), "tree-sitter-python"),
    Language(
        name="java",
        suffixes=(".java",),
        distribution="tree-sitter-java",
        grammar="tree_sitter_java:language",
        queries=("java",),
        family="java",
        imports=ImportRule.PACKAGE,
        own_words={"this": "self", "super": "super"},
        separators=("::",),
        constructors=("",),
        implicit_self=True,
        methods_apart=True,
        wrappers=frozenset({"Optional", "CompletableFuture", "Future", "Supplier"}),
        builtins=frozenset(_JAVA_BUILTINS.split()),
        common=frozenset(_JAVA_METHODS.split()),
        overloads=True,
    ),
    _script(
        "javascript",
        (".js", ".jsx", ".mjs", ".cjs"),
        "tree-sitter-javascript",
        "tree_sitter_javascript:language",
        ("javascript", "ecmascript", "jsx"),
    ),
    _script(
        "typescript",
        (".ts", ".mts", ".cts"),
        "tree-sitter-typescript",
        "tree_sitter_typescript:language_typescript",
        ("typescript", "ecmascript"),
    ),
    _script(
        "tsx",
        (".tsx",),
        "tree-sitter-typescript",
        "tree_sitter_typescript:language_tsx",
        ("typescript", "ecmascript", "jsx"),
    ),
    Language(
        name="go",
        suffixes=(".go",),
        distribution="tree-sitter-go",
        grammar="tree_sitter_go:language",
        queries=("go",),
        family="go",
        imports=ImportRule.FOLDER,
        has_method_sets=True,
        types_are_written=True,
        common=frozenset({"Error", "String"}),
        builtins=frozenset(_GO_BUILTINS.split()),
    ),
    Language(
        name="rust",
        suffixes=(".rs",),
        distribution="tree-sitter-rust",
        grammar="tree_sitter_rust:language",
        queries=("rust",),
        family="rust",
        imports=ImportRule.CRATE,
        own_words={"self": "self", "Self": "cls"},
        types_are_written=True,
        separators=("::",),
        own_modules=frozenset({"mod"}),
        has_name_spaces=True,
        wrappers=frozenset(
            {"Box", "Rc", "Arc", "RefCell", "Cell", "Mutex", "RwLock", "Option", "Result", "Vec", "Ref"}
        ),
        builtins=frozenset(_RUST_BUILTINS.split()),
        common=frozenset(_RUST_METHODS.split()),
    ),
    _c("c", (".c",)),
    _c("header", (".h",), otherwise="cpp"),
    Language(
        name="cpp",
        suffixes=(".cc", ".cpp", ".cxx", ".c++", ".hh", ".hpp", ".hxx", ".h++", ".ipp", ".inl", ".tpp"),
        distribution="tree-sitter-cpp",
        grammar="tree_sitter_cpp:language",
        queries=("cpp", "clike"),
        family="c",
        imports=ImportRule.INCLUDE,
        own_words={"this": "self"},
        separators=("->", "::"),
        overloads=True,
        implements_by_overriding=True,
        types_are_written=True,
        call_operator="operator()",
        has_name_spaces=True,
        constructors=("",),
        implicit_self=True,
        wrappers=frozenset(
            {"unique_ptr", "shared_ptr", "weak_ptr", "optional", "vector", "list", "deque", "array", "span", "atomic"}
        ),
        builtins=frozenset([*_C_BUILTINS.split(), *_CPP_BUILTINS.split()]),
        common=frozenset(_CPP_METHODS.split()),
        has_macros=True,
    ),
)
BY_NAME = {language.name: language for language in LANGUAGES}


@cache
def _by_suffix() -> dict[str, Language]:
    return {suffix: language for language in LANGUAGES for suffix in language.suffixes}


def language_of(path: str) -> Language | None:
    """The language of a file by its name's end, None for a text without a grammar."""
    base = path.rpartition("/")[2]
    return _by_suffix().get(f".{base.rpartition('.')[2]}") if "." in base else None
