"""The Reranker: the subgraph's files and functions in the order in which a repair most likely edits them.

Knows the three options. What speaks for a place is in `features`, how it is said in `reasons`, how a model is asked in
`judge`.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from cgm.artifacts import Issue, Ranked, Ranking, Rewrite, Subgraph
from cgm.errors import require
from cgm.graph import NodeKind
from cgm.protocols import LLM, Codebase
from reranker.features import (
    Features,
    Scene,
    combine,
    file_features,
    function_features,
    make_scene,
    summarize_functions,
)
from reranker.judge import Judge, JudgeSettings
from reranker.reasons import matched_terms, reason
from reranker.weights import FILE_WEIGHTS, FUNCTION_WEIGHTS

_FILES = ("FILE", "TEXTFILE")
_RATING_GAPS = (0.7, 1.4, 2.3, 3.5)  # log-odds of 1:2, 1:4, 1:10 and 1:33
_Weights = dict[str, float]


@dataclass
class NoneConfig:
    """How long the rankings are, and how many files are kept for the stages after."""

    length: int = 50
    k1: int = 10
    k2: int = 5

    def __post_init__(self) -> None:
        require(self.length >= 20, "reranker.length must be >= 20", self.length)
        require(self.k1 >= 1, "reranker.k1 must be >= 1", self.k1)
        require(1 <= self.k2 <= self.k1, "reranker.k2 must lie in 1 to reranker.k1", self.k2)


class NoneReranker:
    """Keeps the Retriever's order."""

    def __init__(self, config: NoneConfig) -> None:
        self.config = config

    def rerank(self, issue: Issue, rewrite: Rewrite, subgraph: Subgraph, codebase: Codebase) -> Ranking:
        """Order files and functions by the Retriever's score."""
        scene = make_scene(rewrite, subgraph, codebase)
        return _ranking(issue, _judged(scene, {"score": 1.0}, {"score": 1.0}), self.config)


@dataclass
class HeuristicConfig(NoneConfig):
    """Weights of the features, see `reranker.features`."""

    file_weights: dict[str, float] = field(default_factory=lambda: dict(FILE_WEIGHTS))
    function_weights: dict[str, float] = field(default_factory=lambda: dict(FUNCTION_WEIGHTS))


class HeuristicReranker:
    """Orders by a linear combination of readable features; asks no model.

    Stage 1 keeps the first k1 files. Stage 2 rates their outlines from 1 to 5, by the best function listed in each, and
    keeps the first k2. The order rests on both; a cut on what stage 1 knows alone loses files (benchmarks/README.md).
    """

    def __init__(self, config: HeuristicConfig) -> None:
        self.config = config

    def rerank(self, issue: Issue, rewrite: Rewrite, subgraph: Subgraph, codebase: Codebase) -> Ranking:
        """Order files and functions by their features."""
        config = self.config
        scene = make_scene(rewrite, subgraph, codebase)
        judged = _judged(scene, config.file_weights, config.function_weights)
        ranking = _ranking(issue, judged, config)
        outlines = {scene.nodes[node].path: found["best_function"] for node, (_, found) in judged.files.items()}
        ratings = {path: rate_outline(outlines[path]) for path in ranking.selected if path in outlines}
        return replace(ranking, files=_with_ratings(ranking.files, ratings, "outline rated"))


def rate_outline(best_function: float) -> int:
    """Rate an outline from 1 to 5 by the log-odds of its best function against the best of all, which is at most 0."""
    return 5 - sum(-best_function > bound for bound in _RATING_GAPS)


@dataclass
class LLMConfig(HeuristicConfig):
    """How a model is asked: `shown` files in stage 1, outlines of at most `outline_chars` in stage 2."""

    shown: int = 30
    outline_chars: int = 3000
    issue_chars: int = 4000
    max_tokens: int = 512
    seed: int = 0
    constrain: bool = True  # ask for JSON by constrained decoding

    def __post_init__(self) -> None:
        super().__post_init__()
        require(self.shown >= self.k1, "reranker.shown must be >= reranker.k1", self.shown)
        for name in ("outline_chars", "issue_chars", "max_tokens"):
            require(getattr(self, name) >= 16, f"reranker.{name} must be >= 16", getattr(self, name))


class LLMReranker:
    """Lets a model select files by name (stage 1) and score their outlines (stage 2); never loses a file.

    Everything that the model leaves open, and every answer that cannot be used, falls back to the LLM-free order.
    """

    def __init__(self, config: LLMConfig, *, llm: LLM) -> None:
        self.config = config
        self.rules = HeuristicReranker(config)
        settings = JudgeSettings(
            shown=config.shown,
            k1=config.k1,
            outline_chars=config.outline_chars,
            issue_chars=config.issue_chars,
            max_tokens=config.max_tokens,
            seed=config.seed,
            constrain=config.constrain,
        )
        self.judge = Judge(settings, llm)

    def rerank(self, issue: Issue, rewrite: Rewrite, subgraph: Subgraph, codebase: Codebase) -> Ranking:
        """Order files and functions; ties keep the LLM-free order.

        Raises:
            ModelUnavailableError: the model cannot be asked.
        """
        base = self.rules.rerank(issue, rewrite, subgraph, codebase)
        selected = self.judge.select(issue, [item.label for item in base.files])
        ratings = self.judge.rate(issue, selected, codebase)
        files = _by_rating(base.files, selected, ratings)
        return Ranking(
            instance_id=issue.instance_id,
            files=files,
            functions=_functions_by_rating(base.functions, ratings),
            selected=selected,
            edited=tuple(item.label for item in files[: self.config.k2]),
        )


@dataclass(frozen=True)
class _Judged:
    """Files and functions of a scene with their scores and features."""

    scene: Scene
    files: Mapping[int, tuple[float, Features]]
    functions: Mapping[int, tuple[float, Features]]


def _judged(scene: Scene, file_weights: _Weights, function_weights: _Weights) -> _Judged:
    functions = {
        node.node: _scored(function_features(scene, node), function_weights)
        for node in scene.nodes.values()
        if node.kind == "FUNCTION"
    }
    paths = [scene.nodes[node].path for node in functions]
    inside = summarize_functions(paths, [score for score, _ in functions.values()])
    files = {
        node.node: _scored(file_features(scene, node, inside), file_weights)
        for node in scene.nodes.values()
        if node.kind in _FILES
    }
    return _Judged(scene, files, functions)


def _scored(features: Features, weights: _Weights) -> tuple[float, Features]:
    return combine(features, weights), features


def _ranking(issue: Issue, judged: _Judged, config: NoneConfig) -> Ranking:
    scene = judged.scene
    words = matched_terms(scene.codebase.lexical, scene.rewrite.keywords)
    files = _rank(scene, judged.files, words, config.length)
    functions = _rank(scene, judged.functions, words, config.length)
    files = _extended(files, _more_files(scene), config.length)
    functions = _extended(functions, _more_functions(scene, files), config.length)
    labels = tuple(item.label for item in files)
    return Ranking(issue.instance_id, files, functions, labels[: config.k1], labels[: config.k2])


def _rank(
    scene: Scene, judged: Mapping[int, tuple[float, Features]], words: Mapping[int, Sequence[str]], length: int
) -> tuple[Ranked, ...]:
    """The best of what was judged; a function stands for those nested in it."""
    graph = scene.codebase.graph
    ranked: dict[str, Ranked] = {}
    for node in sorted(judged, key=lambda node: (-judged[node][0], -scene.nodes[node].score, node)):
        if len(ranked) == length:
            break
        score, features = judged[node]
        label = graph.label(int(graph.outermost_function[node]))
        if label not in ranked:
            ranked[label] = Ranked(label, round(score, 4), reason(scene, scene.nodes[node], features, words))
    return tuple(ranked.values())


def _extended(ranked: tuple[Ranked, ...], more: Iterable[str], length: int) -> tuple[Ranked, ...]:
    """Fill a short list; `more` is read no further than needed."""
    known = {item.label for item in ranked}
    lowest = min((item.score for item in ranked), default=0.0)
    added: list[Ranked] = []
    labels = iter(more if len(ranked) < length else ())
    while len(known) < length and (label := next(labels, None)) is not None:
        if label not in known:
            known.add(label)
            added.append(Ranked(label, lowest, "fills the list"))
    return (*ranked, *added)


def _more_files(scene: Scene) -> Iterable[str]:
    graph = scene.codebase.graph
    return (graph.node_path[node] for node in graph.nodes_of_kind(NodeKind.FILE, NodeKind.TEXTFILE).tolist())


def _more_functions(scene: Scene, files: Sequence[Ranked]) -> Iterable[str]:
    """Functions of the ranked files, then all others."""
    graph = scene.codebase.graph
    place = {item.label: number for number, item in enumerate(files)}
    nodes = graph.nodes_of_kind(NodeKind.FUNCTION).tolist()
    nodes.sort(key=lambda node: place.get(graph.node_path[node], len(place)))
    return (graph.label(node) for node in nodes if graph.outermost_function[node] == node)


def _by_rating(files: Sequence[Ranked], selected: Sequence[str], ratings: Mapping[str, int]) -> tuple[Ranked, ...]:
    chosen = set(selected)
    order = sorted(files, key=lambda item: (item.label not in chosen, -ratings.get(item.label, 0)))
    return _with_ratings(order, ratings, "the model rates it")


def _with_ratings(files: Sequence[Ranked], ratings: Mapping[str, int], said: str) -> tuple[Ranked, ...]:
    """Say the rating of each file that has one."""
    return tuple(
        replace(item, reason=f"{said} {ratings[item.label]} of 5; {item.reason}") if item.label in ratings else item
        for item in files
    )


def _functions_by_rating(functions: Sequence[Ranked], ratings: Mapping[str, int]) -> tuple[Ranked, ...]:
    """Functions of files rated 4 or 5 rise, those of files rated 1 sink; otherwise the order stays."""

    def group(item: Ranked) -> int:
        rating = ratings.get(item.label.partition(":")[0], 3)
        return -1 if rating >= 4 else int(rating == 1)

    return tuple(sorted(functions, key=group))
