from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from cgm.errors import ConfigError, InputError, ModelUnavailableError
from cgm.model.llm import CodeGraphLLM, CodeGraphLLMConfig
from cgm.protocols import Message, Sampling
from cgm.text_graph import TextGraph

pytest.importorskip("torch", reason="the extra code-graph-model is not installed")
SHORT = Sampling(max_tokens=5)
Turns = tuple[Message, ...]
Saved = Callable[..., CodeGraphLLM]


@pytest.fixture
def saved(make: Callable[..., Any], tmp_path: Path) -> Saved:
    """A saved model as a chat model; keywords as those of `make`, and the backend's settings."""
    from cgm.model.checkpoint import save_model

    def build(settings: dict[str, Any] | None = None, **made: Any) -> CodeGraphLLM:
        save_model(make(**made), tmp_path / "trained")
        return CodeGraphLLM(CodeGraphLLMConfig(path=str(tmp_path / "trained"), device="cpu", **(settings or {})))

    return build


@pytest.fixture
def shown(question: Turns, graph: TextGraph) -> Turns:
    """The question with the graph beside its last turn."""
    return (*question[:-1], replace(question[-1], graph=graph))


def test_the_graph_beside_a_message_is_read(saved: Saved, question: Turns, shown: Turns) -> None:
    llm = saved()
    (seeing,), (blind,) = llm.generate(shown, SHORT), llm.generate(question, SHORT)
    assert seeing.prompt_tokens == blind.prompt_tokens + 10
    assert seeing.text != blind.text
    assert (seeing.completion_tokens, seeing.finish) == (5, "length")


def test_without_a_graph_it_is_a_chat_model_like_any_other(saved: Saved, question: Turns) -> None:
    import torch
    from transformers import AutoTokenizer

    llm = saved(adapter="none")
    (answer,) = llm.generate(question, SHORT)
    loaded = llm._load()
    tokenizer: Any = AutoTokenizer.from_pretrained(loaded.config.lm.path)
    row = tokenizer.apply_chat_template(
        [{"role": turn.role, "content": turn.content} for turn in question],
        add_generation_prompt=True,
        return_tensors="pt",
        return_dict=False,
    )
    stock = loaded.model.lm.generate(row, attention_mask=torch.ones_like(row), max_new_tokens=5, do_sample=False)
    assert answer.text == tokenizer.decode(stock[0, row.shape[1] :], skip_special_tokens=True)


def test_a_model_of_text_alone_asks_for_no_graph(saved: Saved) -> None:
    assert saved(adapter="none").graph_nodes == 0


def test_it_says_how_many_nodes_it_reads_without_loading_a_model(saved: Saved) -> None:
    llm = saved({"graph_nodes": 7})
    assert llm.graph_nodes == 7
    assert llm._loaded is None


def test_its_name_changes_with_its_weights(saved: Saved) -> None:
    names = {saved().name, saved(adapter="sage").name}
    assert len(names) == 2
    assert all(name.startswith("trained-") for name in names)


def test_answers_are_as_many_as_asked_for_and_the_prompt_is_counted_once(saved: Saved, shown: Turns) -> None:
    answers = saved().generate(shown, replace(SHORT, count=3, temperature=1.5))
    assert len({answer.text for answer in answers}) == 3
    assert [bool(answer.prompt_tokens) for answer in answers] == [True, False, False]


def test_an_answer_ends_before_a_text_that_stops_it(saved: Saved, shown: Turns) -> None:
    llm = saved()
    (whole,) = llm.generate(shown, replace(SHORT, max_tokens=20))
    stop = whole.text[4:6]
    (cut,) = llm.generate(shown, replace(SHORT, max_tokens=20, stop=(stop,)))
    assert cut.text == whole.text.partition(stop)[0]
    assert cut.finish == "stop"
    assert cut.completion_tokens < whole.completion_tokens


def test_a_row_that_does_not_fit_is_refused(saved: Saved, shown: Turns) -> None:
    with pytest.raises(ModelUnavailableError, match=r"must fit in 20 tokens \(llm.context_tokens\), got \d+ \+ 5"):
        saved({"context_tokens": 20}).generate(shown, SHORT)


def test_two_graphs_at_once_are_refused(saved: Saved, shown: Turns) -> None:
    with pytest.raises(InputError, match="one graph at a time, got 2"):
        saved().generate((*shown, *shown), SHORT)


def test_a_folder_must_be_named_and_hold_a_model(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"llm\.path must be the folder of a Code Graph Model"):
        CodeGraphLLM(CodeGraphLLMConfig())
    with pytest.raises(ModelUnavailableError, match="must be the folder of a Code Graph Model"):
        CodeGraphLLM(CodeGraphLLMConfig(path=str(tmp_path))).generate((Message("user", "hi"),), SHORT)


def test_a_device_that_is_none_is_refused(saved: Saved, question: Turns) -> None:
    llm = saved()
    llm.config.device = "abacus"
    with pytest.raises(ConfigError, match=r"llm\.device must be a device of torch, got 'abacus'"):
        llm.generate(question, SHORT)
