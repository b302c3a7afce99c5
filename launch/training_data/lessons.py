"""Rows of a snapshot: questions with the graph that the Retriever's expansion grows around them.

Knows what a row has to pass before it counts. Does not know how questions are made (`cgm.train.tasks`) nor where rows
are kept.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from cgm.artifacts import Anchor, Subgraph
from cgm.encoding import encodable
from cgm.graph import CodeGraph, subgraph_edges, subgraph_nodes
from cgm.text_graph import TextGraph, build_text_graph
from cgm.train.example import Example
from cgm.train.leaks import given_away
from cgm.train.secrets import find_secrets, redact
from cgm.train.tasks.draft import CodeText, Draft, DraftLimits
from cgm.train.tasks.drafters import DRAFTERS
from launch.training_data.settings import CorpusConfig
from retriever.expand import Budget, expand

SECRETS = "secrets replaced"  # counted beside what became of questions
_HOPS = 1
_BESIDE = 0.5  # the score of nodes that make a choice hard, where that of what is needed is 1
# tasks whose answers the graph must not show; the others are to be read from it
_UNSEEN = ("unit_test", "readme_summary")
_QUOTING = ("issue_fix",)  # the answer quotes the lines that it replaces; what it adds is looked at beforehand


@dataclass(frozen=True)
class Origin:
    """Where a row comes from: repository, the commit that it shows, the commit of its answer, and the licence."""

    repository: str
    commit: str
    answer_commit: str
    licence: str


def snapshot_examples(
    task: str, code: CodeText, origin: Origin, settings: CorpusConfig, counts: Counter[str]
) -> Iterator[Example]:
    """Make the rows of a task; what became of every question is added to `counts`."""
    limits = DraftLimits(settings.most(task), settings.answer_characters, settings.seed)
    for draft in DRAFTERS[task](code, limits):
        example, reason = finish(draft, _graph(draft, code, settings), origin, settings, counts)
        counts[reason or "kept"] += 1
        if example:
            yield example


def finish(
    draft: Draft, graph: TextGraph, origin: Origin, settings: CorpusConfig, counts: Counter[str]
) -> tuple[Example | None, str]:
    """The row of a question, or why there is none; secrets in the graph are replaced and added to `counts`."""
    system, prompt = (
        "\n\n".join(one.content for one in draft.messages if one.role == role) for role in ("system", "user")
    )
    reason = _unfit(draft, prompt, graph, settings)
    if reason:
        return None, reason
    clean, secrets = _without_secrets(graph, settings.node_characters)
    counts[SECRETS] += secrets
    example = Example(
        example_id=f"{origin.repository}@{origin.answer_commit[:12]}:{draft.task}:{draft.key}",
        task=draft.task,
        repository=origin.repository,
        commit=origin.commit,
        answer_commit=origin.answer_commit,
        paths=draft.paths,
        licence=origin.licence,
        noise=draft.noise,
        wording=draft.wording,
        system=system,
        prompt=prompt,
        answer=encodable(draft.answer),
        graph=clean,
    )
    return example, ""


def _unfit(draft: Draft, prompt: str, graph: TextGraph, settings: CorpusConfig) -> str:
    """Why a row does not count, the cheapest reasons first; empty where it does."""
    answer, most = draft.answer, settings.given_away
    reasons: dict[str, Callable[[], bool]] = {
        "empty answer": lambda: not answer.strip(),
        "answer too long": lambda: len(answer) > settings.answer_characters,
        "prompt too long": lambda: len(prompt) > settings.prompt_characters,
        "the graph has no room for what is asked": lambda: not graph.texts,
        "secret in question or answer": lambda: bool(find_secrets(answer) or find_secrets(prompt)),
        "answer in the prompt": lambda: draft.task not in _QUOTING and given_away(answer, [prompt]) > most,
        "answer in the graph": lambda: draft.task in _UNSEEN and given_away(answer, graph.texts) > most,
    }
    return next((reason for reason, holds in reasons.items() if holds()), "")


def _without_secrets(graph: TextGraph, characters: int) -> tuple[TextGraph, int]:
    found = [redact(text) for text in graph.texts]
    return replace(graph, texts=tuple(text[:characters] for text, _ in found)), sum(count for _, count in found)


def _graph(draft: Draft, code: CodeText, settings: CorpusConfig) -> TextGraph:
    """The graph around a question, without what is hidden or blanked; empty where it has no room for what is needed."""
    graph = code.graph
    wanted = dict.fromkeys((*draft.anchors, *draft.needed), 1.0)
    scores = expand(graph, dict.fromkeys(draft.beside, _BESIDE) | wanted, Budget(_HOPS, settings.graph_nodes))
    seen = {node: score for node, score in scores.items() if graph.node_path[node] not in draft.hidden}
    if not wanted.keys() <= seen.keys():
        return TextGraph()

    def lines_of(path: str) -> Sequence[str]:
        blanked = draft.blanked.get(path)
        lines = code.lines(path)
        return ["" if number in blanked else line for number, line in enumerate(lines, 1)] if blanked else lines

    return build_text_graph(graph, subgraph_of(graph, seen, draft.anchors), lines_of, settings.graph_nodes)


def subgraph_of(graph: CodeGraph, scores: Mapping[int, float], anchors: Sequence[int]) -> Subgraph:
    """Some nodes with their scores as the Retriever hands them on, and all edges among them."""
    nodes = subgraph_nodes(graph, dict(sorted(scores.items())))
    known = tuple(Anchor(node, scores[node], ("asked",)) for node in anchors if node in scores)
    return Subgraph("", known, nodes, subgraph_edges(graph, scores))
