from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from cgm.errors import InputError
from cgm.protocols import Message
from cgm.text_graph import TextGraph

torch = pytest.importorskip("torch", reason="the extra code-graph-model is not installed")
Make = Callable[..., Any]
Turns = tuple[Message, ...]
NEVER: frozenset[int] = frozenset()


def decode(loaded: Any, samples: list[Any], *, packed: bool = False, **settings: Any) -> Any:
    from cgm.model.batch import collate
    from cgm.model.generation import Decoding, generate

    batch = collate([samples] if packed else [[sample] for sample in samples])
    complete = settings.pop("is_complete", None)
    return generate(loaded.model, batch, Decoding(**({"stops": NEVER, "max_tokens": 6} | settings)), complete)


def without_cache(loaded: Any, sample: Any, count: int) -> list[int]:
    """The likeliest tokens, the whole row read again for each."""
    from cgm.model.batch import collate

    for _ in range(count):
        batch = collate([[sample]])
        with torch.no_grad():
            logits = loaded.model.logits(batch, torch.tensor([len(sample) - 1]))
        sample = replace(sample, answer=(*sample.answer, int(logits[0, 0].argmax())))
    return list(sample.answer)


@pytest.mark.parametrize("family", ["qwen2", "llama"])
@pytest.mark.parametrize("settings", [{}, {"positions": "shared"}, {"positions": "distance", "mask": "full"}])
def test_decoding_from_the_cache_is_as_reading_everything_again(
    make: Make, family: str, settings: dict[str, str], question: Turns, graph: TextGraph
) -> None:
    loaded = make(family, **settings)
    samples = [loaded.samples.build(question, graph), loaded.samples.build(question[1:], TextGraph(graph.texts[:1]))]
    samples.append(loaded.samples.build(question, None))
    together = decode(loaded, samples)
    for sample, (answer,) in zip(samples, together, strict=True):
        assert answer.tokens == without_cache(loaded, sample, 6)
        assert not answer.stopped


def test_an_answer_ends_with_its_stop_and_others_go_on(make: Make, question: Turns, graph: TextGraph) -> None:
    loaded = make()
    samples = [loaded.samples.build(question, graph), loaded.samples.build(question[1:], None)]
    (free,), (other,) = decode(loaded, samples)
    end = next(token for token in free.tokens if token not in other.tokens)
    (one,), (two,) = decode(loaded, samples, stops=frozenset({end}))
    assert one.tokens == free.tokens[: free.tokens.index(end)]
    assert (one.stopped, two.stopped) == (True, False)
    assert two.tokens == other.tokens


def test_an_answer_that_is_complete_ends(make: Make, question: Turns) -> None:
    loaded = make()
    ((answer,),) = decode(loaded, [loaded.samples.build(question)], is_complete=lambda tokens: len(tokens) == 2)
    assert (len(answer.tokens), answer.stopped) == (2, True)


def test_samples_are_drawn_by_their_seed_and_differ_from_each_other(
    make: Make, question: Turns, graph: TextGraph
) -> None:
    loaded = make()
    sample = loaded.samples.build(question, graph)
    drawn = {"temperature": 1.5, "count": 3, "max_tokens": 8}
    (first,), (again,), (other,) = (decode(loaded, [sample], seed=seed, **drawn) for seed in (1, 1, 2))
    assert [answer.tokens for answer in first] == [answer.tokens for answer in again]
    assert len({tuple(answer.tokens) for answer in (*first, *other)}) == 6


def test_a_narrow_nucleus_is_the_greedy_answer(make: Make, question: Turns, graph: TextGraph) -> None:
    loaded = make()
    sample = loaded.samples.build(question, graph)
    ((greedy,),), ((narrow, _),) = (
        decode(loaded, [sample]),
        decode(loaded, [sample], temperature=0.7, top_p=1e-6, count=2),
    )
    assert narrow.tokens == greedy.tokens


def test_a_row_of_several_samples_is_refused(make: Make, question: Turns) -> None:
    loaded = make()
    with pytest.raises(InputError, match="must hold one sample"):
        decode(loaded, [loaded.samples.build(question)] * 2, packed=True)
