from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from cgm.train.dataset import Samples, select_rows, turns
from cgm.train.example import Example

pytest.importorskip("torch", reason="the extra training is not installed")


@pytest.fixture
def loaded(make: Callable[..., Any]) -> Any:
    return make()


def test_rows_that_are_too_long_are_left_out_and_counted(loaded: Any, examples: Callable[[int], list[Example]]) -> None:
    chat, rows = loaded.samples.chat, examples(12)
    lengths = [len(chat.prompt(turns(row))) + len(chat.answer(row.answer)) for row in rows]
    most = sorted(lengths)[8]
    selected = select_rows(rows, (), chat, most)
    assert selected.lengths == tuple(length for length in lengths if length <= most)
    assert len(selected) + selected.left_out.total() == 12
    assert set(selected.left_out) <= {"graph_query too long", "api too long"}


def test_tasks_that_are_not_asked_for_are_left_out_and_counted(
    loaded: Any, examples: Callable[[int], list[Example]]
) -> None:
    selected = select_rows(examples(10), ["api"], loaded.samples.chat, 999)
    assert {row.task for row in selected.examples} == {"api"}
    assert selected.left_out == Counter({"another task": 5})


def test_a_model_of_text_alone_learns_from_the_same_rows(
    make: Callable[..., Any], examples: Callable[[int], list[Example]]
) -> None:
    with_graph, without = (
        select_rows(examples(12), (), make(adapter=kind).samples.chat, 60) for kind in ("mlp", "none")
    )
    assert with_graph.digest == without.digest
    assert 0 < len(with_graph) < 12


def test_the_digest_tells_other_rows_and_another_order(loaded: Any, examples: Callable[[int], list[Example]]) -> None:
    rows, chat = examples(6), loaded.samples.chat
    digests = {select_rows(some, (), chat, 999).digest for some in (rows, rows[:5], rows[::-1])}
    assert len(digests) == 3


def test_a_sample_has_the_rows_turns_graph_and_answer(loaded: Any, examples: Callable[[int], list[Example]]) -> None:
    row = examples(2)[1]
    samples = Samples(select_rows([row], (), loaded.samples.chat, 999), loaded.samples)
    sample, chat = samples.build(0), loaded.samples.chat
    assert [message.role for message in turns(row)] == ["system", "user"]
    assert list(sample.prompt) == chat.prompt(turns(row))
    assert list(sample.answer) == chat.answer(row.answer)
    assert len(sample.chunks) >= len(row.graph)
    assert samples.length(0) == len(sample.prompt) + len(sample.answer) + len(row.graph)


def test_the_first_rows_are_all_of_them_for_0(loaded: Any, examples: Callable[[int], list[Example]]) -> None:
    rows = select_rows(examples(5), (), loaded.samples.chat, 999)
    assert [len(rows.first(count)) for count in (0, 2, 9)] == [5, 2, 5]
