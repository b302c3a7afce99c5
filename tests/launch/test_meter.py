import time

import pytest

from cgm.artifacts import Usage
from cgm.protocols import Answer, AnswerForm, Message, Sampling
from launch.meter import Clock, MeteredLLM


class _Echo:
    """A model that answers with what it was told, once for each sample."""

    name = "echo"
    graph_nodes = 0

    def generate(
        self, messages: tuple[Message, ...], sampling: Sampling, form: AnswerForm | None = None
    ) -> list[Answer]:
        assert form is None
        return [Answer(messages[-1].content, 3, 2, cost=0.5, cached=bool(number)) for number in range(sampling.count)]


def test_usage_is_counted_once_and_taken_once_and_a_cached_answer_costs_nothing() -> None:
    llm = MeteredLLM(_Echo())
    assert [answer.text for answer in llm.generate((Message("user", "hi"),), Sampling(count=2))] == ["hi", "hi"]
    assert llm.take() == Usage(calls=1, cached_calls=1, prompt_tokens=6, completion_tokens=4, cost=0.5)
    assert llm.take() == Usage()
    assert llm.name == "echo"


def test_a_stage_within_a_stage_is_not_charged_to_the_outer_one() -> None:
    clock = Clock()
    with clock.stage("outer"):
        with clock.stage("inner"):
            time.sleep(0.05)
        assert clock.current == "outer"
    assert clock.seconds["inner"] >= 0.05
    assert clock.seconds["outer"] < 0.05


def test_a_failure_leaves_its_stage_as_the_current_one() -> None:
    clock = Clock()
    with pytest.raises(KeyError), clock.stage("outer"), clock.stage("inner"):
        raise KeyError
    assert clock.current == "inner"
