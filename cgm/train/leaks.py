"""Whether a question gives its answer away.

Knows how much of an answer stands in another text word for word. Does not know which texts a task must not show.
"""

import re
from collections.abc import Iterable

_TOKEN = re.compile(r"\w+")
_WIDTH = 8  # tokens that hardly ever follow on each other twice by chance


def given_away(answer: str, texts: Iterable[str]) -> float:
    """The share of an answer's runs of eight words that stand in one of some texts, in [0, 1].

    An answer of fewer words counts as given away where all of it stands there.
    """
    wanted = _runs(answer)
    shown = set().union(*(_runs(text, len(next(iter(wanted)))) for text in texts)) if wanted else set()
    return len(wanted & shown) / len(wanted) if wanted else 0.0


def _runs(text: str, width: int = _WIDTH) -> set[tuple[str, ...]]:
    words = _TOKEN.findall(text.lower())
    width = min(width, len(words)) or 1
    return {tuple(words[at : at + width]) for at in range(len(words) - width + 1)}
