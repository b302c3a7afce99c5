"""The Reranker: the subgraph's files and functions in the order in which a repair most likely edits them.

Knows the three options. What speaks for a place is in `features`, how it is said in `reasons`, how a model is asked in
`judge`.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from cgm.artifacts import Issue, Ranked, Ranking, Rewrite, Subgraph, SubgraphNode
from cgm.errors import require
from cgm.graph import NodeKind
from cgm.protocols import LLM, Codebase
from reranker.features import Features, Scene, combine, file_features, function_features, make_scene
from reranker.judge import Judge, JudgeSettings
from reranker.reasons import matched_terms, reason

_FILES = ("FILE", "TEXTFILE")
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
        return _ranking(issue, scene, self.config, lambda _, node: (node.score, {}))


@dataclass
class HeuristicConfig(NoneConfig):
    """Weights of the features, see `reranker.features`."""

    file_weights: dict[str, float] = field(default_factory=lambda: dict(FILE_WEIGHTS))
    function_weights: dict[str, float] = field(default_factory=lambda: dict(FUNCTION_WEIGHTS))


class HeuristicReranker:
    """Orders by a linear combination of readable features; asks no model."""

    def __init__(self, config: HeuristicConfig) -> None:
        self.config = config

    def rerank(self, issue: Issue, rewrite: Rewrite, subgraph: Subgraph, codebase: Codebase) -> Ranking:
        """Order files and functions by their features: stage 1 keeps the first k1 files, stage 2 the first k2."""
        scene = make_scene(rewrite, subgraph, codebase)
        return _ranking(issue, scene, self.config, self._score)

    def _score(self, scene: Scene, node: SubgraphNode) -> tuple[float, Features]:
        if node.kind in _FILES:
            found = file_features(scene, node)
            return combine(found, self.config.file_weights), found
        found = function_features(scene, node)
        return combine(found, self.config.function_weights), found


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


_Scorer = Callable[[Scene, SubgraphNode], tuple[float, Features]]


def _ranking(issue: Issue, scene: Scene, config: NoneConfig, scorer: _Scorer) -> Ranking:
    words = matched_terms(scene.codebase.lexical, scene.rewrite.keywords)
    files = _rank(scene, _FILES, scorer, words, config.length)
    functions = _rank(scene, ("FUNCTION",), scorer, words, config.length)
    files = _extended(files, _more_files(scene), config.length)
    functions = _extended(functions, _more_functions(scene, files), config.length)
    labels = tuple(item.label for item in files)
    return Ranking(issue.instance_id, files, functions, labels[: config.k1], labels[: config.k2])


def _rank(
    scene: Scene, kinds: Sequence[str], scorer: _Scorer, words: Mapping[int, Sequence[str]], length: int
) -> tuple[Ranked, ...]:
    rows = [(*scorer(scene, node), node) for node in scene.nodes.values() if node.kind in kinds]
    rows.sort(key=lambda row: (-row[0], -row[2].score, row[2].node))
    label = scene.codebase.graph.label
    ranked: dict[str, Ranked] = {}
    for score, features, node in rows:
        name = label(node.node)
        if name not in ranked and len(ranked) < length:
            said = reason(scene, node, features or _found(scene, node), words)
            ranked[name] = Ranked(name, round(score, 4), said)
    return tuple(ranked.values())


def _found(scene: Scene, node: SubgraphNode) -> Features:
    return file_features(scene, node) if node.kind in _FILES else function_features(scene, node)


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
    return (graph.label(node) for node in nodes)


def _by_rating(files: Sequence[Ranked], selected: Sequence[str], ratings: Mapping[str, int]) -> tuple[Ranked, ...]:
    chosen = set(selected)
    order = sorted(files, key=lambda item: (item.label not in chosen, -ratings.get(item.label, 0)))
    return tuple(
        Ranked(item.label, item.score, f"rated {ratings[item.label]} of 5; {item.reason}")
        if item.label in ratings
        else item
        for item in order
    )


def _functions_by_rating(functions: Sequence[Ranked], ratings: Mapping[str, int]) -> tuple[Ranked, ...]:
    """Functions of files rated 4 or 5 rise, those of files rated 1 sink; otherwise the order stays."""

    def group(item: Ranked) -> int:
        rating = ratings.get(item.label.partition(":")[0], 3)
        return -1 if rating >= 4 else int(rating == 1)

    return tuple(sorted(functions, key=group))


# set by hand; what did not help on dev_small (title, neighbour, class, private) has no weight
FILE_WEIGHTS: _Weights = {"score": 1.0, "message": 0.2}
FUNCTION_WEIGHTS: _Weights = {"score": 1.0, "message": 0.3}
