"""What stands around and inside a file: the files that import it, what is named there, how much of the best.

Knows a subgraph and its evidence. Does not know what any of it is worth (`reranker.stage`).
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from math import log1p

from cgm.artifacts import Subgraph, SubgraphNode
from cgm.text import is_source_path

_BEST = 50  # functions that count for their files

Evidence = Mapping[int, Mapping[str, float]]


@dataclass(frozen=True)
class Surroundings:
    """What is known of each path.

    `importer` is how sure the surest file is that imports it, `named` how strongly something inside is mentioned by
    name, `crowd` the logarithm of 1 + how many of the best functions stand there.
    """

    importer: Mapping[str, float]
    named: Mapping[str, float]
    crowd: Mapping[str, float]


def look_around(subgraph: Subgraph, nodes: Mapping[int, SubgraphNode], evidence: Evidence) -> Surroundings:
    """Gather what speaks for each file from what stands inside and around it."""
    inside = [node for node in nodes.values() if node.kind in ("CLASS", "FUNCTION") and node.node in evidence]
    return Surroundings(
        importer=_importers(subgraph, nodes, evidence),
        named=_named(inside, evidence),
        crowd=_crowds(inside),
    )


def _importers(subgraph: Subgraph, nodes: Mapping[int, SubgraphNode], evidence: Evidence) -> dict[str, float]:
    """The strongest source file that imports each file or something in it."""
    files = [node for node in nodes.values() if node.kind == "FILE"]
    highest = max((node.score for node in files), default=0.0) or 1.0
    strength = {node.path: evidence.get(node.node, {}).get("bm25", 0.0) + node.score / highest for node in files}
    found: dict[str, float] = defaultdict(float)
    for edge in subgraph.edges:
        one, other = nodes[edge.source].path, nodes[edge.target].path
        if edge.kind == "IMPORTS" and one != other and is_source_path(one):
            found[other] = max(found[other], strength.get(one, 0.0))
    return dict(found)


def _named(inside: list[SubgraphNode], evidence: Evidence) -> dict[str, float]:
    found: dict[str, float] = defaultdict(float)
    for node in inside:
        found[node.path] = max(found[node.path], evidence[node.node].get("name", 0.0))
    return dict(found)


def _crowds(inside: list[SubgraphNode]) -> dict[str, float]:
    functions = sorted((node for node in inside if node.kind == "FUNCTION"), key=lambda node: (-node.score, node.node))
    counts: dict[str, int] = defaultdict(int)
    for node in functions[:_BEST]:
        counts[node.path] += 1
    return {path: log1p(count) for path, count in counts.items()}
