"""The task `issue_fix`: commits as issues with the answers that would resolve them.

Knows how a commit becomes what the Reader is given and what it would have to answer: the stages read the parent commit
and the report alone, the files that the commit changed are put into the ranking, and noise is put on top. Does not know
which commits are chosen.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from cgm.artifacts import Edit, Issue, Ranked, Ranking, Subgraph
from cgm.errors import PatchError
from cgm.graph import CodeGraph, NodeKind
from cgm.prompts import load_prompt, render
from cgm.protocols import Codebase
from cgm.store import fingerprint
from cgm.text import split_lines
from cgm.text_graph import TextGraph, build_text_graph
from cgm.train.leaks import given_away
from cgm.train.tasks.docstrings import same_code
from cgm.train.tasks.draft import Draft
from launch.training_data.lessons import subgraph_of
from launch.training_data.settings import CorpusConfig, Stages
from preprocessing.commits import SourceEdit
from reader.context import Limits, build_context
from reader.patch import normalize
from reader.search import defuse
from reader.wording import word_edits

TASK = "issue_fix"
_FORM = "search_replace"
_NEIGHBOURS = 10
_MOST_FUNCTIONS = 12


@dataclass(frozen=True)
class Repair:
    """A commit's edit with the report that asks for it, where its words are from, and the noise to put on it."""

    edit: SourceEdit
    report: str
    wording: str
    noise: str = ""


def with_noise(repairs: Sequence[Repair], settings: CorpusConfig) -> list[Repair]:
    """Choose the repairs that are shown an irrelevant file, or are not shown a gold one, which leaves them another."""
    order = sorted(repairs, key=lambda one: fingerprint(settings.seed, "noise", one.edit.commit))
    several = [one for one in order if len(one.edit.before) > 1]
    missing = {one.edit.commit for one in several[: round(settings.missing * len(order))]}
    rest = [one.edit.commit for one in order if one.edit.commit not in missing]
    irrelevant = set(rest[: round(settings.irrelevant * len(order))])
    kinds = dict.fromkeys(missing, "missing_file") | dict.fromkeys(irrelevant, "irrelevant_file")
    return [replace(one, noise=kinds.get(one.edit.commit, "")) for one in repairs]


def draft_repair(
    repair: Repair, codebase: Codebase, stages: Stages, settings: CorpusConfig
) -> tuple[Draft, TextGraph] | str:
    """Put a repair as the Reader would be asked for it, with the graph it would be given; or why that cannot be."""
    edit = repair.edit
    texts = {path: codebase.sources.read(path) for path in edit.before if path in codebase.graph.file_of_path}
    if texts != dict(edit.before):
        return "a changed file that the snapshot does not show"
    gold = _gold(repair, settings)
    if not gold:
        return "only comments, docstrings or blank space changed"
    if given_away(_added(gold), [repair.report]) > settings.given_away:
        return "answer in the prompt"
    issue = Issue(edit.commit, codebase.graph.node_name[0], edit.parent, repair.report)
    rewrite = stages.rewriter.rewrite(issue)
    found = stages.retriever.retrieve(issue, rewrite, codebase)
    ranking = stages.reranker.rerank(issue, rewrite, found, codebase)
    return _asked(repair, gold, codebase, (found, ranking), settings)


def _gold(repair: Repair, settings: CorpusConfig) -> dict[str, list[Edit]]:
    """The edits of each file whose code changes; one of several files is lost where the noise says so."""
    before, after = repair.edit.before, repair.edit.after
    changed = [path for path in sorted(before) if _changes_code(before[path], after[path], path)]
    if repair.noise == "missing_file" and len(changed) > 1:
        lost = min(changed, key=lambda path: fingerprint(settings.seed, "lost", repair.edit.commit, path))
        changed.remove(lost)
    edits = [Edit(path, 1, len(split_lines(before[path])), after[path]) for path in changed]
    return normalize(before, edits) if edits else {}


def _changes_code(before: str, after: str, path: str) -> bool:
    """Whether more than layout differs, and in Python that can be read more than comments and docstrings."""
    if _without_layout(before) == _without_layout(after):
        return False
    return not (path.endswith((".py", ".pyi")) and same_code(before, after))


def _without_layout(text: str) -> list[str]:
    """Lines without what stands at their ends, and without empty ones; indentation means something."""
    return [line.rstrip() for line in text.split("\n") if line.strip()]


def _added(gold: Mapping[str, Sequence[Edit]]) -> str:
    return "\n".join(edit.replacement for edits in gold.values() for edit in edits)


def _asked(
    repair: Repair,
    gold: Mapping[str, Sequence[Edit]],
    codebase: Codebase,
    found: tuple[Subgraph, Ranking],
    settings: CorpusConfig,
) -> tuple[Draft, TextGraph] | str:
    graph = codebase.graph
    subgraph, ranking = found
    touched = _touched(graph, gold)
    shown = _ranking(repair, graph, ranking, touched, list(gold), settings)
    lifted = _lifted(graph, subgraph, [*touched, *(graph.file_of_path[path] for path in gold)])
    limits = Limits(settings.context_tokens, len(shown.functions), len(shown.files), _NEIGHBOURS)
    context = build_context(shown, lifted, codebase, limits)
    try:
        answer = word_edits([edit for edits in gold.values() for edit in edits], context)
    except PatchError as error:
        return (
            "the change is not shown within the budget" if "not shown" in str(error) else "the change cannot be quoted"
        )
    messages = render(load_prompt("reader", _FORM), issue=defuse(repair.report), context=context)
    noise = _noise(repair, gold, shown)
    key, anchors = repair.edit.commit[:12], tuple(touched)
    draft = Draft(TASK, key, messages, answer, tuple(gold), anchors, wording=repair.wording, noise=noise)
    lines = {path: split_lines(text) for path, text in context.texts.items()}
    read = codebase.sources.read
    view = build_text_graph(
        graph, lifted, lambda path: lines.get(path) or split_lines(read(path)), settings.graph_nodes
    )
    return draft, view


def _noise(repair: Repair, gold: Mapping[str, Sequence[Edit]], shown: Ranking) -> str:
    """The noise that there is: a file can be lost only from several, and another be shown only where there is one."""
    there = {
        "": True,
        "missing_file": len(gold)
        < sum(_changes_code(text, repair.edit.after[path], path) for path, text in repair.edit.before.items()),
        "irrelevant_file": len(shown.files) > len(gold),
    }
    return repair.noise if there[repair.noise] else ""


def _touched(graph: CodeGraph, gold: Mapping[str, Sequence[Edit]]) -> list[int]:
    """The outermost functions that edits change, ascending; an insertion changes the function around it."""
    nodes = []
    for node in graph.nodes_of_kind(NodeKind.FUNCTION).tolist():
        start, end = int(graph.node_start[node]), int(graph.node_end[node])
        edits = gold.get(graph.node_path[node], ())
        if any(edit.start <= end and max(edit.end, edit.start - 1) >= start for edit in edits):
            nodes.append(int(graph.outermost_function[node]))
    return sorted(set(nodes))


def _ranking(
    repair: Repair,
    graph: CodeGraph,
    ranking: Ranking,
    touched: Sequence[int],
    gold: Sequence[str],
    settings: CorpusConfig,
) -> Ranking:
    """The places that are shown, in no telling order: those of the change, and of one file more as the noise says."""
    paths = list(gold)
    functions = [graph.label(node) for node in touched][:_MOST_FUNCTIONS]
    if repair.noise == "irrelevant_file":
        other = [one.label for one in ranking.files if one.label not in repair.edit.before][:1]
        paths += other
        functions += [one.label for one in ranking.functions if one.label.partition(":")[0] in other][:2]
    key = (settings.seed, repair.edit.commit)
    order = [sorted(dict.fromkeys(labels), key=lambda one: fingerprint(*key, one)) for labels in (paths, functions)]
    files, places = (tuple(Ranked(label, 1.0, "") for label in labels) for labels in order)
    return Ranking(ranking.instance_id, files, places)


def _lifted(graph: CodeGraph, subgraph: Subgraph, gold: Sequence[int]) -> Subgraph:
    """The subgraph that was retrieved, with the nodes of the change among its best."""
    scores = {node.node: node.score for node in subgraph.nodes}
    best = max(scores.values(), default=1.0)
    scores |= {above: scores.get(above, 0.0) for node in gold for above in graph.ancestors(node)}
    scores |= dict.fromkeys(gold, best)
    anchors = dict.fromkeys((*(anchor.node for anchor in subgraph.anchors), *gold))
    # where the change stands among the anchors must say nothing
    return subgraph_of(graph, scores, sorted(anchors, key=lambda node: fingerprint(graph.label(node))))
