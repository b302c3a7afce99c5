"""What turns the vectors of node tokens into tokens of the language model.

Knows an MLP, and message passing over typed links before it. Does not know where vectors come from.

Legend: M node tokens, E links, D width of a node's vector, W width of the language model.
"""

from typing import Any

import torch
from torch import Tensor, nn

from cgm.errors import ModelUnavailableError
from cgm.model.config import AdapterConfig
from cgm.model.links import LINK_KINDS


class MLPAdapter(nn.Module):
    """Two linear layers with GELU between them. Source: CGM, section 3.2."""

    def __init__(self, width: int, hidden: int, lm_width: int) -> None:
        super().__init__()
        self.inner = nn.Linear(width, hidden)
        self.outer = nn.Linear(hidden, lm_width)

    def forward(self, vector_MD: Tensor, link_2E: Tensor, kind_E: Tensor) -> Tensor:  # noqa: ARG002
        """Adapt each vector by itself, shape (M, W)."""
        return self.outer(nn.functional.gelu(self.inner(vector_MD)))


class GraphAdapter(nn.Module):
    """Message passing along the links of each kind, in both directions with weights of their own, then the MLP."""

    def __init__(self, width: int, lm_width: int, config: AdapterConfig) -> None:
        super().__init__()
        self.layers = nn.ModuleList([_relations(width, config) for _ in range(config.layers)])
        self.norms = nn.ModuleList([nn.LayerNorm(width) for _ in range(config.layers)])
        self.mlp = MLPAdapter(width, config.hidden, lm_width)

    def forward(self, vector_MD: Tensor, link_2E: Tensor, kind_E: Tensor) -> Tensor:
        """Adapt vectors in the light of their neighbours', shape (M, W)."""
        links = {}
        for kind in range(LINK_KINDS):
            ends = link_2E[:, kind_E == kind]
            links[_relation(kind, "to")] = ends
            links[_relation(kind, "from")] = ends.flip(0)
        for layer, norm in zip(self.layers, self.norms, strict=True):
            vector_MD = vector_MD + layer({"node": norm(vector_MD)}, links)["node"]
        return self.mlp(vector_MD, link_2E, kind_E)


def make_adapter(config: AdapterConfig, width: int, lm_width: int) -> nn.Module | None:
    """Build the adapter of the settings; None for text alone.

    Raises:
        ModelUnavailableError: message passing needs torch-geometric, which is not installed.
    """
    if config.kind == "none":
        return None
    if config.kind == "mlp":
        return MLPAdapter(width, config.hidden, lm_width)
    return GraphAdapter(width, lm_width, config)


def match_length(adapter: nn.Module, lm: nn.Module, width: int) -> None:
    """Scale an untrained adapter so that its tokens are as long as the language model's own."""
    mlp = getattr(adapter, "mlp", adapter)
    with torch.no_grad():
        wanted = lm.get_input_embeddings().weight.float().norm(dim=1).mean()
        vector_MD = torch.randn(256, width, generator=torch.Generator().manual_seed(0))
        inner = mlp.inner.weight.float().cpu()
        hidden = nn.functional.gelu(vector_MD @ inner.T)
        made = (hidden @ mlp.outer.weight.float().cpu().T).norm(dim=1).mean()
        mlp.outer.weight.mul_(float(wanted) / float(made))
        mlp.outer.bias.zero_()


def _relations(width: int, config: AdapterConfig) -> nn.Module:
    try:
        from torch_geometric.nn import GATConv, HeteroConv, SAGEConv
    except ImportError as error:
        reason = "needs torch-geometric: pip install 'r4-cgm[code-graph-model]'"
        raise ModelUnavailableError(f"model.adapter.kind={config.kind} {reason}") from error

    def make() -> Any:
        if config.kind == "sage":
            return SAGEConv(width, width)
        return GATConv(width, width, heads=config.heads, concat=False, add_self_loops=False)

    kinds = [_relation(kind, way) for kind in range(LINK_KINDS) for way in ("to", "from")]
    return HeteroConv({relation: make() for relation in kinds}, aggr="mean")


def _relation(kind: int, way: str) -> tuple[str, str, str]:
    return ("node", f"{way}_{kind}", "node")
