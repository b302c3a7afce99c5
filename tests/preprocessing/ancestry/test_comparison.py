from preprocessing.ancestry.comparison import compare_lines


def test_lines_are_compared_whatever_ends_them() -> None:
    assert compare_lines(b"a\nb\nc\n", b"a\r\nx\r\nc\r\n") == [(1, 1, 1, 1)]
    assert compare_lines(b"", b"a\n") == [(0, 0, 0, 1)]


def test_files_too_large_to_compare_differ_in_all() -> None:
    text = b"a\n" * 20_000
    assert compare_lines(text, b"b\n" + text) == [(0, 20_000, 0, 20_001)]
