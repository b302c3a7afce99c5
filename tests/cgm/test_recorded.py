import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from cgm.errors import ArtifactError, ConfigError, ModelUnavailableError, StorageError
from cgm.protocols import Answer, AnswerForm, Message, Sampling
from cgm.recorded import CachedLLM, RecordingLLM, ReplayConfig, ReplayLLM, request_key
from cgm.store import BlobCache, fingerprint
from cgm.text_graph import TextGraph

ASK = (Message("user", "Say hello."),)
ANSWERS = (Answer("hello\n\u00e9", 5, 2, "stop", 0.25), Answer("hi", 0, 1, "length", 0.1))


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    path = tmp_path / "answers.jsonl"
    key = request_key("m", ASK, Sampling(), None)
    row = {"key": key, "model": "m", "answers": [vars(answer) for answer in ANSWERS]}
    path.write_text(json.dumps(row) + "\n")
    return path


def replay(path: Path) -> ReplayLLM:
    return ReplayLLM(ReplayConfig(path=str(path)))


def texts(answers: Sequence[Answer]) -> list[str]:
    return [answer.text for answer in answers]


def test_recorded_answers_come_back_with_their_tokens_and_cost(recording: Path) -> None:
    llm = replay(recording)
    assert llm.name == "m"
    assert llm.generate(ASK, Sampling()) == [replace(answer, cached=True) for answer in ANSWERS]


def test_a_request_that_was_not_recorded_is_an_error(recording: Path) -> None:
    with pytest.raises(ModelUnavailableError, match=r"answers\.jsonl must hold the answer to every request"):
        replay(recording).generate(ASK, Sampling(seed=1))


def test_a_recording_of_a_model_replays_it(recording: Path, tmp_path: Path) -> None:
    copy = tmp_path / "new" / "copy.jsonl"
    recorded = RecordingLLM(replay(recording), copy).generate(ASK, Sampling())
    assert replay(copy).name == "m"
    assert replay(copy).generate(ASK, Sampling()) == recorded


def test_a_recording_goes_on_where_it_ended(recording: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy.jsonl"
    for _ in range(2):
        RecordingLLM(replay(recording), copy).generate(ASK, Sampling())
    assert len(copy.read_text().splitlines()) == 2
    assert texts(replay(copy).generate(ASK, Sampling())) == texts(ANSWERS)


def test_a_recording_that_cannot_be_written_is_named(recording: Path) -> None:
    with pytest.raises(StorageError, match="cannot write"):
        RecordingLLM(replay(recording), recording / "below" / "a.jsonl").generate(ASK, Sampling())


@pytest.mark.parametrize("row", ["{}", '{"key": "a", "model": "m", "answers": [{"text": 1}]}', "[1]", "nonsense"])
def test_a_damaged_recording_is_refused(recording: Path, row: str) -> None:
    with recording.open("a") as stream:
        stream.write(row + "\n")
    with pytest.raises(ArtifactError):
        replay(recording)


def test_a_recording_of_two_models_is_refused(recording: Path) -> None:
    with recording.open("a") as stream:
        stream.write('{"key": "a", "model": "other", "answers": []}\n')
    with pytest.raises(ArtifactError, match="must record one model, got m, other"):
        replay(recording)


def test_a_recording_must_be_named() -> None:
    with pytest.raises(ConfigError, match=r"llm\.path must be a file of recorded answers"):
        ReplayLLM(ReplayConfig())


def test_a_missing_recording_is_named(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match=r"nowhere\.jsonl"):
        replay(tmp_path / "nowhere.jsonl")


class Counted:
    """A model that answers with the number of times it was asked."""

    def __init__(self, name: str, graph_nodes: int = 0) -> None:
        self.name = name
        self.graph_nodes = graph_nodes
        self.asked = 0

    def generate(
        self, messages: Sequence[Message], sampling: Sampling, form: AnswerForm | None = None
    ) -> Sequence[Answer]:
        self.asked += 1
        return [Answer(f"{self.asked} {messages[0].content} {form}", 3, 4, cost=1.0) for _ in range(sampling.count)]


def test_a_model_is_asked_once_and_a_kept_answer_keeps_its_cost(tmp_path: Path) -> None:
    first, again = (CachedLLM(Counted("m"), answers=BlobCache(tmp_path)) for _ in range(2))
    (asked,), (kept,) = first.generate(ASK, Sampling()), again.generate(ASK, Sampling())
    assert (asked.cached, asked.cost) == (False, 1.0)
    assert kept == replace(asked, cached=True)


@pytest.mark.parametrize(
    ("messages", "sampling", "form"),
    [
        ((Message("user", "Say goodbye."),), Sampling(), None),
        ((Message("system", "Say hello."),), Sampling(), None),
        (ASK, Sampling(seed=1), None),
        (ASK, Sampling(count=2), None),
        (ASK, Sampling(stop=("a",)), None),
        (ASK, Sampling(), AnswerForm("regex", "a")),
    ],
)
def test_another_request_is_asked_anew(
    tmp_path: Path, messages: Sequence[Message], sampling: Sampling, form: AnswerForm | None
) -> None:
    model = Counted("m")
    llm = CachedLLM(model, answers=BlobCache(tmp_path))
    llm.generate(ASK, Sampling())
    llm.generate(messages, sampling, form)
    assert model.asked == 2


def test_another_model_is_asked_anew(tmp_path: Path) -> None:
    other = Counted("other")
    CachedLLM(Counted("m"), answers=BlobCache(tmp_path)).generate(ASK, Sampling())
    assert not CachedLLM(other, answers=BlobCache(tmp_path)).generate(ASK, Sampling())[0].cached
    assert other.asked == 1


def test_a_model_of_the_same_name_and_another_identity_is_asked_anew(tmp_path: Path) -> None:
    model = Counted("m")
    for identity in ("at one place", "at another", "at one place"):
        CachedLLM(model, answers=BlobCache(tmp_path), identity=identity).generate(ASK, Sampling())
    assert model.asked == 2


def test_a_damaged_entry_is_asked_anew(tmp_path: Path) -> None:
    cache = BlobCache(tmp_path)
    cache.put(fingerprint("", request_key("m", ASK, Sampling(), None)), b"\xff not json")
    assert not CachedLLM(Counted("m"), answers=cache).generate(ASK, Sampling())[0].cached


SEEN = (Message("user", "Say hello.", TextGraph(("a", "b"), ((0, 0, 1),), (1,))),)


def test_a_graph_tells_two_requests_apart_and_its_absence_changes_no_key() -> None:
    other = (Message("user", "Say hello.", TextGraph(("a", "b"), ((1, 0, 1),), (1,))),)
    keys = [request_key("m", asked, Sampling(), None) for asked in (ASK, SEEN, other)]
    assert len(set(keys)) == 3
    plain = fingerprint("m", [{"role": "user", "content": "Say hello."}], vars(Sampling()), None)
    assert keys[0] == plain


def test_a_recording_replays_a_model_that_reads_graphs(tmp_path: Path) -> None:
    path = tmp_path / "answers.jsonl"
    inner = Counted("m", graph_nodes=7)
    (said,) = RecordingLLM(inner, path).generate(SEEN, Sampling())
    assert replay(path).graph_nodes == 7
    assert texts(replay(path).generate(SEEN, Sampling())) == [said.text]
    with pytest.raises(ModelUnavailableError):
        replay(path).generate(ASK, Sampling())


def test_what_wraps_a_model_says_what_the_model_reads(recording: Path, tmp_path: Path) -> None:
    assert replay(recording).graph_nodes == 0
    inner = Counted("m", graph_nodes=7)
    assert RecordingLLM(CachedLLM(inner, answers=BlobCache(tmp_path)), tmp_path / "a").graph_nodes == 7
