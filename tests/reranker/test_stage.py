from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pytest

from cgm.artifacts import Ranking, Rewrite, to_row
from cgm.errors import ConfigError
from cgm.protocols import Answer, AnswerForm, Codebase, Message, Sampling
from reranker.features import file_features, function_features, make_scene
from reranker.stage import (
    HeuristicConfig,
    HeuristicReranker,
    LLMConfig,
    LLMReranker,
    NoneConfig,
    NoneReranker,
    rate_outline,
)
from reranker.weights import FILE_WEIGHTS, FUNCTION_WEIGHTS
from retriever.stage import BM25Config, BM25Retriever


class ScriptedLLM:
    """Selects one file and rates everything by what its outline holds."""

    name = "scripted"

    def generate(
        self, messages: Sequence[Message], sampling: Sampling, form: AnswerForm | None = None
    ) -> Sequence[Answer]:
        assert form is not None
        assert sampling.count == 1
        asked = messages[-1].content
        if "Files:" in asked:
            return [Answer('{"files": ["shop/base.py", "no/such.py"]}', 1, 1)]
        return [Answer('{"score": 5}' if "def total" in asked else "no idea" if "persist" in asked else "1", 1, 1)]


OPTIONS = [
    NoneReranker(NoneConfig()),
    HeuristicReranker(HeuristicConfig()),
    LLMReranker(LLMConfig(), llm=ScriptedLLM()),
]


def rerank(option: Any, found: Any) -> Ranking:
    ranking: Ranking = option.rerank(found.issue, found.rewrite, found.subgraph, found.codebase)
    return ranking


@pytest.mark.parametrize("option", OPTIONS, ids=lambda option: type(option).__name__)
def test_no_option_loses_a_file_or_function(option: Any, found: Any) -> None:
    ranking = rerank(option, found)
    graph = found.codebase.graph
    assert {item.label for item in ranking.files} == set(graph.file_of_path)
    functions = {graph.label(node) for node in range(len(graph)) if graph.node_kind[node] == 5}
    assert {item.label for item in ranking.functions} == functions
    assert all(item.reason for item in (*ranking.files, *ranking.functions))
    assert to_row(ranking) == to_row(rerank(option, found))


def test_classes_are_never_among_the_functions(found: Any) -> None:
    assert "shop/cart.py:Cart" not in {item.label for item in rerank(OPTIONS[1], found).functions}


def test_the_order_of_the_retriever_is_kept(found: Any) -> None:
    scores = [item.score for item in rerank(OPTIONS[0], found).files]
    assert scores == sorted(scores, reverse=True)


def test_the_function_that_defines_the_message_rises(found: Any) -> None:
    config = HeuristicConfig(function_weights={"message": 1.0}, file_weights={"best_function": 1.0})
    ranking = rerank(HeuristicReranker(config), found)
    assert ranking.functions[0].label == "shop/cart.py:Cart.add"
    assert ranking.files[0].label == "shop/cart.py"


def test_the_selected_files_are_rated_by_the_best_function_of_their_outline(found: Any) -> None:
    ranking = rerank(OPTIONS[1], found)
    rated = [item for item in ranking.files if item.reason.startswith("outline rated ")]
    assert {item.label for item in rated} == set(ranking.selected)
    best = ranking.functions[0].label.partition(":")[0]
    assert next(item for item in rated if item.label == best).reason.startswith("outline rated 5 of 5; ")
    assert [rate_outline(gap) for gap in (0.0, -0.5, -1.0, -2.0, -3.0, -9.0)] == [5, 5, 4, 3, 2, 1]


def test_a_function_stands_for_those_nested_in_it(
    found: Any, read_codebase: Callable[[Mapping[str, str]], Codebase]
) -> None:
    nested = read_codebase({"part.py": "def outer():\n    def basket():\n        return 1\n    return basket\n"})
    retriever = BM25Retriever(BM25Config())
    rewrite = Rewrite("shop-1", queries=("basket",), keywords=("basket",))
    subgraph = retriever.retrieve(found.issue, rewrite, nested)
    for option in OPTIONS[:2]:
        ranking = option.rerank(found.issue, rewrite, subgraph, nested)
        assert ranking.functions[0].label == "part.py:outer"
        assert not any(item.label.startswith("part.py:outer.") for item in ranking.functions)


def test_every_weight_is_that_of_a_feature(found: Any) -> None:
    scene = make_scene(found.rewrite, found.subgraph, found.codebase)
    node = next(iter(scene.nodes.values()))
    assert set(FUNCTION_WEIGHTS) <= set(function_features(scene, node))
    assert set(FILE_WEIGHTS) <= set(file_features(scene, node, {}))


def test_a_model_orders_what_it_rates_and_ties_keep_their_order(found: Any) -> None:
    ranking = rerank(OPTIONS[2], found)
    assert ranking.files[0].label == "shop/price.py"
    assert ranking.files[0].reason.startswith("the model rates it 5 of 5; ")
    assert ranking.functions[0].label.startswith("shop/price.py:")
    assert ranking.selected[0] == "shop/base.py"
    assert set(ranking.edited) <= {item.label for item in ranking.files}


def test_rankings_are_filled_up_to_20_where_the_repository_has_them(
    found: Any, read_codebase: Callable[[Mapping[str, str]], Codebase]
) -> None:
    many = read_codebase({f"part{number}.py": f"def run{number}():\n    return 1\n" for number in range(25)})
    retriever = BM25Retriever(BM25Config(functions=1, classes=1, files=1, hops=0))
    rewrite = Rewrite("shop-1", queries=("run7",), keywords=("run7",))
    subgraph = retriever.retrieve(found.issue, rewrite, many)
    ranking = OPTIONS[0].rerank(found.issue, rewrite, subgraph, many)
    assert ranking.functions[0].label == "part7.py:run7"
    assert len(ranking.files) >= 20
    assert len({item.label for item in ranking.functions}) >= 20


@pytest.mark.parametrize(
    ("values", "rule"), [({"length": 19}, "length"), ({"k1": 0}, "k1"), ({"k2": 11}, "k2"), ({"k2": 0}, "k2")]
)
def test_a_meaningless_setting_is_refused_by_its_key(values: dict[str, int], rule: str) -> None:
    with pytest.raises(ConfigError, match=rf"reranker\.{rule}"):
        NoneConfig(**values)
