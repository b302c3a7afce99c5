"""The page of a code graph: any part of it to explore, with a line that says which part and what is left out.

Knows what the page says. Does not know how nodes are chosen (`eval.report.neighbourhood`), nor how they are shown
(`eval.report.picture`).
"""

from typing import Any

from cgm.graph import CodeGraph
from cgm.protocols import Sources
from eval.report.neighbourhood import Neighbourhood, PageConfig, neighbourhood
from eval.report.page import environment, render
from eval.report.picture import GRAPH_SCRIPTS, GRAPH_STYLES, picture

_ENVIRONMENT = environment()


def graph_page(title: str, graph: CodeGraph, config: PageConfig, sources: Sources) -> str:
    """Render the page, which needs neither a network nor any other file.

    Raises:
        ConfigError: `config.around` names no node.
    """
    shown = neighbourhood(graph, config)
    notes: dict[int, dict[str, Any]] = {node: {"hop": hop} for node, hop in shown.hops.items()}
    for node in shown.centres:
        notes.setdefault(node, {})["centre"] = True
    return render(
        _ENVIRONMENT,
        "graph_page.html",
        (*GRAPH_STYLES, "graph_page.css"),
        GRAPH_SCRIPTS,
        data=picture(graph, shown.nodes, shown.edges, sources, notes),
        title=title,
        shown=_sentence(graph, shown, config),
    )


def _sentence(graph: CodeGraph, shown: Neighbourhood, config: PageConfig) -> str:
    counted = f"{len(shown.nodes):,} of {len(graph):,} nodes, {len(shown.edges):,} edges"
    if shown.centres:
        along = f" along {', '.join(config.kinds)}" if config.kinds else ""
        ways = {"in": " against the edges", "out": " with the edges"}.get(config.direction, "")
        hops = f"up to {config.hops} hop{'s' * (config.hops > 1)}{along}{ways} from" if config.hops else "within"
        counted += f": {hops} {config.around}"
    if not shown.left_out:
        return counted
    nearest = "the nearest, and of equally near ones" if shown.centres else "those"
    return (
        f"{counted}; {shown.left_out:,} more left out (page.nodes={config.nodes}): "
        f"kept are {nearest} outside tests first, then the most linked"
    )
