import pytest

from cgm.errors import ConfigError
from launch.refusal import explain, refuse_unknown


def test_a_known_setting_passes() -> None:
    refuse_unknown(["k"], ["k", "n"])


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("max_querys", "rewriter.max_querys is no setting; did you mean rewriter.max_queries?"),
        ("zzz", "rewriter.zzz is no setting; known: max_queries, seed"),
    ],
)
def test_an_unknown_setting_is_refused_with_the_nearest(name: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        refuse_unknown([name], ["max_queries", "seed"], "rewriter.")
    assert explain(caught.value) == message


def test_an_error_of_several_lines_becomes_one() -> None:
    assert explain(ConfigError("first\nsecond")) == "first"
