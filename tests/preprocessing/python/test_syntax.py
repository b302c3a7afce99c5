import pytest

from cgm.errors import ParseError
from preprocessing.python.syntax import bound_names, read_syntax


def test_captures_come_in_document_order() -> None:
    source = "\n".join(f"f{number}(g{number}())" for number in range(200))
    starts = [node.start_byte for node in read_syntax(source.encode(), 10.0).all("call")]
    assert starts == sorted(starts)


def test_a_file_that_takes_too_long_is_refused() -> None:
    with pytest.raises(ParseError, match=r"must parse within 0\.0 s"):
        read_syntax(b"x = 1\n" * 20000, 0.0)


@pytest.mark.parametrize(
    ("target", "names"),
    [
        ("a", ["a"]),
        ("a, (b, *c)", ["a", "b", "c"]),
        ("[a, b]", ["a", "b"]),
        ("self.x", []),
        ("a, self.x, b[0]", ["a"]),
        ("x[i, j]", []),
    ],
)
def test_a_target_binds_its_plain_names(target: str, names: list[str]) -> None:
    assert bound_names(target) == names
