import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cgm.details import NodeDetails, decode_details
from preprocessing.languages import BY_NAME
from preprocessing.polyglot.extract import extract
from preprocessing.polyglot.headers import read_parameters, read_returns


def described(language: str, source: str) -> dict[str, NodeDetails]:
    facts = extract(BY_NAME[language], source.encode())
    _, *rows = [decode_details(line) for line in facts.details.splitlines()]
    return dict(zip([row.name for row in facts.definitions], rows, strict=True))


@pytest.mark.parametrize(
    ("language", "source", "parameters", "returns"),
    [
        (
            "java",
            "class A { Map<K, int[]> f(int x, @N final List<A, B> m, char[] c, final String... y) throws E {} }",
            "x:int m:@N_List<A,_B> c:char[] ...y:String",
            "Map<K, int[]>",
        ),
        ("java", "class A { A f() { return null; } }", "", "A"),
        (
            "typescript",
            'function f(this: K, a: N, b = ", ", {c, d}: P = {}, g: (x: A) => B, h?: M<S, T>, ...r: U[]): P<a, b> {}',
            'this:K a:N b:=", " {c,_d}:P={} g:(x:_A)_=>_B h:M<S,_T> ...r:U[]',
            "P<a, b>",
        ),
        ("typescript", "const f = (x: number): T => x", "x:number", "T"),
        ("javascript", "function f(a, b = ', ', {c, d}, [e] = [], ...r) {}", "a: b:=', ' {c,_d}: [e]:=[] ...r:", ""),
        (
            "go",
            "package m\nfunc f(a, b int, m map[string]int, g func(x, y int) error, c ...string) (int, error) {}",
            "a:int b:int m:map[string]int g:func(x,_y_int)_error ...c:string",
            "(int, error)",
        ),
        ("go", "package m\ntype T int\nfunc (t *T) f(int, string) error { return nil }", ":int :string", "error"),
        (
            "rust",
            "fn f<'a, T>(mut a: u32, b: &'a M<K, V>, (x, y): (u8, u8)) -> Option<&'a u32> where T: C { }",
            "a:u32 b:&'a_M<K,_V> (x,_y):(u8,_u8)",
            "Option<&'a u32>",
        ),
        ("rust", "struct S;\nimpl S { fn f(&mut self, o: Self) {} }", "&mut_self: o:Self", ""),
        (
            "cpp",
            'int *f(int a, const char *b = "a,b", std::map<int, A> &m, int r[10], void (*cb)(int, char)) { }',
            'a:int b:const_char_*="a,b" m:std::map<int,_A>_& r:int[10] cb:void_(*)(int,_char)',
            "int *",
        ),
        ("cpp", "template <typename... T> auto f(T&&... args) -> int { return 1; }", "...args:T&&", "int"),
        (
            "c",
            "static const char **f(const char *s, /* a, b */ unsigned int, ...) { }",
            "s:const_char_* :unsigned_int ...:",
            "char **",
        ),
        ("c", "int f(void) { return 1; }", "", "int"),
    ],
)
def test_a_function_says_how_it_is_called_in_any_language(
    language: str, source: str, parameters: str, returns: str
) -> None:
    found = described(language, source)["f"]
    shown = [
        f"{one.name}:{one.type}".replace(" ", "_") + (f"={one.default}" if one.default else "")
        for one in found.parameters
    ]
    assert " ".join(shown) == parameters
    assert found.returns == returns


@given(st.binary(max_size=60), st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)), max_size=4))
def test_any_header_is_read(written: bytes, names: list[tuple[int, int]]) -> None:
    rows = read_parameters(written, sorted(names))
    assert all(isinstance(part, str) for row in rows for part in row)
    assert "\n" not in read_returns(written.decode("utf-8", "replace"))


@pytest.mark.parametrize("piece", [b"(", b"<", b'"', b'\\"', b"/*", b"'", b"={", b"a,", b"x y,", b"[", b"a:", b"..."])
def test_a_long_header_takes_linear_time(piece: bytes) -> None:
    written = b"(" + piece * 20_000 + b")"
    spans = [(position, position + 1) for position in range(1, len(written), len(piece))]
    begin = time.process_time()
    read_parameters(written, spans)
    assert time.process_time() - begin < 2
