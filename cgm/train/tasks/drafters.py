"""The tasks whose questions a snapshot answers by itself, in the order in which they are asked.

Knows them by name. A repair needs two snapshots and the Reader's own form, so it is made where these are at hand.
"""

from collections.abc import Mapping

from cgm.train.tasks.draft import Drafter
from cgm.train.tasks.interfaces import draft_interfaces
from cgm.train.tasks.queries import draft_queries
from cgm.train.tasks.reconstruction import draft_reconstructions
from cgm.train.tasks.summaries import draft_summaries
from cgm.train.tasks.unit_tests import draft_unit_tests

DRAFTERS: Mapping[str, Drafter] = {
    "subgraph_reconstruction": draft_reconstructions,
    "graph_query": draft_queries,
    "api": draft_interfaces,
    "unit_test": draft_unit_tests,
    "readme_summary": draft_summaries,
}
