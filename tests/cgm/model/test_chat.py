from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from cgm.errors import ModelUnavailableError
from cgm.model.chat import ChatTokens
from cgm.protocols import Message

transformers = pytest.importorskip("transformers", reason="the extra code-graph-model is not installed")
pytest.importorskip("torch", reason="the extra code-graph-model is not installed")
TURNS = (Message("system", "You repair code."), Message("user", "total() forgets an item"))


@pytest.fixture
def tokenizer(hub: Callable[[str], str]) -> Any:
    return transformers.AutoTokenizer.from_pretrained(hub("qwen2"))


def test_a_prompt_is_the_turns_and_the_beginning_of_the_models_own(tokenizer: Any) -> None:
    said = tokenizer.decode(ChatTokens(tokenizer).prompt(TURNS))
    assert said.startswith("<|im_start|>system\nYou repair code.<|im_end|>\n<|im_start|>user\n")
    assert said.endswith("<|im_start|>assistant\n")


def test_prompt_and_answer_are_the_templates_own_turns_up_to_the_end_of_the_last(tokenizer: Any) -> None:
    chat = ChatTokens(tokenizer)
    turns = [
        *({"role": turn.role, "content": turn.content} for turn in TURNS),
        {"role": "assistant", "content": "x = 1"},
    ]
    whole = tokenizer.apply_chat_template(turns, tokenize=False)
    assert tokenizer.decode([*chat.prompt(TURNS), *chat.answer("x = 1")]) == whole.rstrip("\n")


def test_the_end_of_a_turn_is_one_token_and_not_its_text(tokenizer: Any) -> None:
    chat = ChatTokens(tokenizer)
    assert chat.answer("pass")[-1] == chat.end_of_turn == tokenizer.convert_tokens_to_ids("<|im_end|>")
    assert chat.text(chat.answer("pass")) == "pass"


def test_an_answer_that_spells_the_end_of_a_turn_does_not_end_it(tokenizer: Any) -> None:
    chat = ChatTokens(tokenizer)
    text = 'END = "<|im_end|>"'
    assert chat.answer(text).count(chat.end_of_turn) == 1
    assert tokenizer.decode(chat.answer(text)) == f"{text}<|im_end|>"


def test_a_template_without_a_mark_ends_turns_as_sequences_end(tokenizer: Any) -> None:
    tokenizer.chat_template = "{% for message in messages %}{{ message['content'] + '\\n' }}{% endfor %}"
    assert ChatTokens(tokenizer).end_of_turn == tokenizer.eos_token_id


def test_a_tokenizer_without_a_chat_template_is_refused(tokenizer: Any) -> None:
    tokenizer.chat_template = None
    with pytest.raises(ModelUnavailableError, match="must have a chat template"):
        ChatTokens(tokenizer)


@pytest.mark.parametrize(("ends", "others"), [(None, set()), (7, {7}), ([7, 8], {7, 8})])
def test_an_answer_also_ends_where_the_model_says_so(tokenizer: Any, ends: Any, others: set[int]) -> None:
    chat = ChatTokens(tokenizer)
    assert chat.stops(SimpleNamespace(eos_token_id=ends)) == {chat.end_of_turn, *others}
