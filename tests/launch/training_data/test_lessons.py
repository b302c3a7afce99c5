from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace

import pytest

from cgm.protocols import Codebase, Message
from cgm.text_graph import TextGraph
from cgm.train.tasks.draft import CodeText, Draft
from launch.training_data.lessons import SECRETS, Origin, finish, snapshot_examples
from launch.training_data.settings import CorpusConfig

ORIGIN = Origin("acme/shop", "1" * 40, "1" * 40, "MIT")
GRAPH = TextGraph(("REPO /", "FUNCTION a.py:f\ndef f(): pass"), ((0, 0, 1),), (1,))
PROMPT = (Message("system", "Answer."), Message("user", "What does f do?"))
DRAFT = Draft("unit_test", "a.py:f", PROMPT, "assert f() is one of the many things that it can be", ("a.py",), (1,))
TOKEN = "ghp_" + "a1B2c3D4e5" * 4


def why(draft: Draft = DRAFT, graph: TextGraph = GRAPH, **settings: int) -> str:
    example, reason = finish(draft, graph, ORIGIN, CorpusConfig(**settings), Counter())  # type: ignore[arg-type]
    assert (example is None) == bool(reason)
    return reason


def asked(text: str) -> tuple[Message, ...]:
    return (PROMPT[0], Message("user", text))


def test_a_row_says_where_it_is_from() -> None:
    example, _ = finish(DRAFT, GRAPH, ORIGIN, CorpusConfig(), Counter())
    assert example is not None
    assert example.example_id == "acme/shop@111111111111:unit_test:a.py:f"
    assert (example.repository, example.commit, example.licence, example.paths) == (
        "acme/shop",
        "1" * 40,
        "MIT",
        ("a.py",),
    )
    assert (example.system, example.prompt) == ("Answer.", "What does f do?")


@pytest.mark.parametrize(
    ("draft", "reason"),
    [
        (replace(DRAFT, answer=" \n"), "empty answer"),
        (replace(DRAFT, answer="long " * 2000), "answer too long"),
        (replace(DRAFT, messages=asked("long " * 9000)), "prompt too long"),
        (replace(DRAFT, answer=f"token {TOKEN}"), "secret in question or answer"),
        (replace(DRAFT, messages=asked(TOKEN)), "secret in question or answer"),
        (replace(DRAFT, messages=asked(f"Say: {DRAFT.answer}")), "answer in the prompt"),
    ],
)
def test_what_teaches_nothing_or_too_much_is_no_row(draft: Draft, reason: str) -> None:
    assert why(draft) == reason


def test_a_graph_may_show_an_answer_only_where_it_is_to_be_read_from_it() -> None:
    graph = replace(GRAPH, texts=("REPO /", f"FUNCTION a.py:f\n{DRAFT.answer}"))
    assert why(graph=graph) == "answer in the graph"
    assert why(replace(DRAFT, task="subgraph_reconstruction"), graph) == ""


def test_a_graph_without_room_is_no_row() -> None:
    assert why(graph=TextGraph()) == "the graph has no room for what is asked"


def test_secrets_of_a_graph_are_replaced_and_counted() -> None:
    counts: Counter[str] = Counter()
    graph = replace(GRAPH, texts=(TOKEN, f"{TOKEN} {TOKEN}"))
    example, _ = finish(DRAFT, graph, ORIGIN, CorpusConfig(), counts)
    assert example is not None
    assert example.graph.texts == ("<secret>", "<secret> <secret>")
    assert counts[SECRETS] == 3


def test_a_snapshot_too_large_for_the_graph_gives_counted_refusals(
    read_codebase: Callable[[Mapping[str, str]], Codebase],
) -> None:
    names = [f"f{number}" for number in range(8)]
    text = "".join(f"def {name}():\n    return {names[at - 1]}()\n\n\n" for at, name in enumerate(names))
    code = CodeText(read_codebase({"a.py": text}), "acme/shop")
    counts: Counter[str] = Counter()
    rows = list(snapshot_examples("graph_query", code, ORIGIN, CorpusConfig(graph_nodes=3), counts))
    assert rows == []
    assert counts["the graph has no room for what is asked"] > 0
    rows = list(snapshot_examples("graph_query", code, ORIGIN, CorpusConfig(graph_nodes=9), counts))
    assert all(len(row.graph.texts) <= 9 for row in rows)
    assert rows
