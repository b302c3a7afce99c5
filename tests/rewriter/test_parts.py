import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rewriter.parts import split_issue, without_comments

ISSUE = """Cart forgets items
<!-- please search first
before you open an issue -->
The `Cart` loses what was added.

```python
cart.add("apple", 1)
```

Traceback (most recent call last):
  File "shop/cart.py", line 8, in add
    raise ValueError("no")
ValueError: no

Afterwards it works.

### Environment
python 3.11
"""


def test_an_issue_is_taken_apart() -> None:
    parts = split_issue(ISSUE)
    assert parts.title == "Cart forgets items"
    assert "The `Cart` loses what was added." in parts.prose
    assert "Afterwards it works." in parts.prose
    assert parts.code == ['cart.add("apple", 1)']
    assert parts.trace[-1] == "ValueError: no"
    assert "python 3.11" in parts.environment


def test_comments_are_cut() -> None:
    assert without_comments("a<!-- b -->c<!-- d") == "ac<!-- d"


@given(st.text())
def test_every_line_goes_to_exactly_one_part(text: str) -> None:
    parts = split_issue(text)
    kept = [parts.title, *parts.prose, *parts.code, *parts.trace, *parts.environment]
    fences = [line for line in without_comments(text).splitlines() if line.strip().startswith(("```", "~~~"))]
    assert len([line for line in kept if line.strip()]) <= len(without_comments(text).splitlines())
    written = [line for line in without_comments(text).splitlines() if line.strip()]
    assert len([line for line in kept if line.strip()]) >= len(written) - len(fences) - 1


@pytest.mark.parametrize("unit", ["a", "a.", "/", "a/", "`", "<!--", '"', 'File "', "Aa", "_", "\n", "(Error: ", "# "])
def test_a_megabyte_of_anything_takes_seconds_at_most(unit: str) -> None:
    from rewriter.entities import find_entities, find_keywords

    text = unit * (1_000_000 // len(unit))
    start = time.process_time()
    parts = split_issue(text)
    find_entities(parts, 80)
    find_keywords(parts, 30)
    assert time.process_time() - start < 5
