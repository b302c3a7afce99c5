import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from preprocessing.polyglot.macros import blank_macros, has_class_macro


@pytest.mark.parametrize(
    ("source", "blanked"),
    [
        ("class API Shape : public Base {", "class     Shape : public Base {"),
        ("struct ALIGNED(16) Vec final {", "struct             Vec final {"),
        ("class API_CLASS;", "class API_CLASS;"),
        ("API int f(void);", "    int f(void);"),
        ("static API_EXPORT(x) long f();", "static               long f();"),
        ("int f(char *s) PRINTF(1, 2);", "int f(char *s)             ;"),
        ("Queue q GUARDED_BY(m);", "Queue q              ;"),
        ("int f() __attribute__((format(printf, 1, 2)));", "int f()                                      ;"),
        (";\nBEGIN_NAMESPACE\nint x;", ";\n               \nint x;"),
        ("CONSTEXPR template <class T> T f();", "          template <class T> T f();"),
        ("};\nCONST_20 Name(int x) : x_(x) {}", "};\n         Name(int x) : x_(x) {}"),
        ("if CONST_IF (a) {", "if          (a) {"),
        ("#if HAS(<a.h>)\nint x;\n#endif\n", "#if HAS(     )\nint x;\n#endif\n"),
    ],
)
def test_a_macro_where_no_name_can_stand_is_blanked(source: str, blanked: str) -> None:
    assert blank_macros(source.encode()).text.decode() == blanked


@pytest.mark.parametrize(
    "source",
    [
        "int x = LIMIT;",
        "if (a) RETURN(x);",
        "else FAIL(x);",
        "return LIMIT;",
        "f(FLAG, other(1));",
        "enum e {\n  ONE,\n  TWO\n};",
        "FILE *open(const char *name);",
        '"API int f(void);"',
        "// API int f(void);",
        "#define API int f(void);",
        "switch (x) {\n  case LIMIT:\n    f();\n}",
    ],
)
def test_what_parses_as_it_stands_is_kept(source: str) -> None:
    assert blank_macros(source.encode()).text.decode() == source


def test_of_a_conditional_inside_a_statement_the_first_branch_stays() -> None:
    source = "int t[] = {\n#ifdef A\n 1,\n#else\n 2,\n#endif\n 3};\nint u;\n"
    assert blank_macros(source.encode()).text.decode().split() == ["int", "t[]", "=", "{", "1,", "3};", "int", "u;"]


def test_a_conditional_whose_branches_share_an_end_keeps_one_beginning() -> None:
    source = "#ifdef A\nint f(int a) {\n#else\nint f(void) {\n#endif\n  return 1;\n}\n"
    assert blank_macros(source.encode()).text.decode().split() == ["int", "f(int", "a)", "{", "return", "1;", "}"]


def test_a_conditional_of_whole_statements_is_kept() -> None:
    source = "#ifdef A\nint f(void) { return 1; }\n#else\nint f(void) { return 2; }\n#endif\n"
    assert blank_macros(source.encode()).text.decode() == source


@pytest.mark.parametrize(
    ("source", "left_out"),
    [
        ("int t[] = {\n#ifdef A\n 1,\n#else\n 2,\n#endif\n 3};\n", (4,)),
        ("int t[] = {\n#ifdef A\n 1,\n#elif B\n 2,\n#else \\\n\n 3,\n#endif\n 3};\n", (4, 7)),
        ("int t[] = {\n#ifdef A\n 1,\n#else\n // none\n#endif\n 3};\n", ()),
        ("int t[] = {\n#ifdef A\n 1,\n#endif\n 3};\n", ()),
        ("int t[] = {\n#ifdef A\n 1,\n#else\n#ifdef B\n 2,\n#else\n 3,\n#endif\n#endif\n 3};\n", (4,)),
        ("#ifdef A\nint f(void) { return 1; }\n#else\nint f(void) { return 2; }\n#endif\n", ()),
    ],
)
def test_each_branch_with_code_that_is_blanked_is_told_once(source: str, left_out: tuple[int, ...]) -> None:
    assert blank_macros(source.encode()).left_out == left_out


def test_a_macro_before_the_name_of_a_class_is_seen() -> None:
    assert has_class_macro(b"class API Shape {")
    assert not has_class_macro(b"class Shape {")


@given(st.text(alphabet="#if else/*\"'\\(){}<>;:A_B\n", max_size=200) | st.binary(max_size=200).map(repr))
def test_nothing_moves(text: str) -> None:
    source = text.encode()
    blanked = blank_macros(source).text
    assert len(blanked) == len(source)
    assert all(new in (old, 0x20) for old, new in zip(source, blanked, strict=True))
    assert blanked.count(b"\n") == source.count(b"\n")


@pytest.mark.parametrize(
    "piece",
    [
        b"#if A\n",
        b"#if A\n#else\n#endif\n",
        b"x =\n#if A\n1\n#else\n2\n#endif\n",
        b"(\n#else\n#if A\n",
        b"FOO ",
        b"FOO(",
        b";FOO f(",
        b"/*",
        b'"',
        b"'",
        b"__attribute__((",
        b"\\\n",
    ],
)
def test_a_megabyte_of_one_thing_takes_seconds_at_most(piece: bytes) -> None:
    source = piece * (1_000_000 // len(piece))
    started = time.process_time()
    assert len(blank_macros(source).text) == len(source)
    assert time.process_time() - started < 5


def test_deeply_nested_conditionals_are_read_once() -> None:
    source = b"int x =\n" + b"#if A\n" * 20_000 + b"1\n" + b"#endif\n" * 20_000
    assert blank_macros(source).text.split() == [b"int", b"x", b"=", b"1"]
