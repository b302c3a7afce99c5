"""Who sees whom in a row of node tokens and text.

Knows the three masks, as a tensor for SDPA and as blocks for FlexAttention. Does not know how pairs come from edges
(`cgm.model.links`): it is given them, and spends O(pairs) on them beside filling what the kernel takes.

Legend: B rows, T places of a row, M node tokens of the whole batch, P visible pairs, G most node tokens of a row.
"""

from typing import Any

import torch
from torch import Tensor

from cgm.errors import ConfigError
from cgm.model.batch import NODE, PADDING, PROMPT, GraphBatch

KERNELS = ("sdpa", "flex_attention", "eager")


def build_mask(batch: GraphBatch, kind: str, kernel: str, dtype: torch.dtype) -> Any:
    """Build the mask of a batch as the attention kernel takes it; `dtype` is that of the hidden states.

    Raises:
        ConfigError: the kernel takes no such mask.
    """
    if kernel not in KERNELS:
        raise ConfigError(
            f"model.lm.attention must be one of {', '.join(KERNELS)}, whose masks may hold a graph, got {kernel!r}"
        )
    if kernel == "flex_attention":
        return block_mask(batch, kind)
    mask_B1TT = dense_mask(batch, kind)[:, None]
    if kernel == "sdpa":
        return mask_B1TT
    hidden = torch.full((), torch.finfo(dtype).min, dtype=dtype, device=mask_B1TT.device)
    return torch.where(mask_B1TT, torch.zeros_like(hidden), hidden)


def dense_mask(batch: GraphBatch, kind: str) -> Tensor:
    """Build the boolean mask, shape (B, T, T): row t is what place t sees. A padding place sees itself alone."""
    segment_BT, node_BT = batch.segment_BT, _nodes(batch)
    rows, places = segment_BT.shape
    at_T = torch.arange(places, device=segment_BT.device)
    seen_BTT = (at_T[None, :] <= at_T[:, None]).expand(rows, -1, -1)
    if kind != "flat":
        seen_BTT = seen_BTT | node_BT[:, None, :] | (node_BT[:, :, None] & _prompt(batch)[:, None, :])
    if kind == "adjacency":
        seen_BTT = seen_BTT & ~(node_BT[:, :, None] & node_BT[:, None, :])
    seen_BTT = seen_BTT & (segment_BT[:, :, None] == segment_BT[:, None, :])
    seen_BTT &= (segment_BT != PADDING)[:, :, None]
    seeing_P, seen_P = batch.place_M[batch.pair_2P]
    seen_BTT.view(rows * places, places)[seeing_P, seen_P % places] = True
    seen_BTT |= torch.eye(places, dtype=torch.bool, device=seen_BTT.device) & (segment_BT == PADDING)[:, :, None]
    return seen_BTT


def block_mask(batch: GraphBatch, kind: str) -> Any:
    """Build the same mask for FlexAttention; only pairs of node tokens are looked up in a table."""
    from torch.nn.attention.flex_attention import create_block_mask

    rows, places = batch.segment_BT.shape
    rule = _rule(batch, kind)
    return create_block_mask(rule, rows, None, places, places, device=batch.segment_BT.device)


def _rule(batch: GraphBatch, kind: str) -> Any:
    """Whether the place q of a row sees the place k, as a function of tensors."""
    segment_BT, node_BT, prompt_BT = batch.segment_BT, _nodes(batch), _prompt(batch)
    number_BT = node_BT.long().cumsum(1) - 1
    linked_BGG = _linked(batch, number_BT)

    def sees(row: Tensor, _head: Tensor, q: Tensor, k: Tensor) -> Tensor:
        from_node, to_node = node_BT[row, q], node_BT[row, k]
        seen = k <= q
        if kind != "flat":
            seen = seen | to_node | (from_node & prompt_BT[row, k])
        if kind == "adjacency":
            both = from_node & to_node
            linked = linked_BGG[row, number_BT[row, q].clamp(min=0), number_BT[row, k].clamp(min=0)]
            seen = torch.where(both, linked, seen)
        padding = segment_BT[row, q] == PADDING
        return (seen & (segment_BT[row, q] == segment_BT[row, k]) & ~padding) | (padding & (q == k))

    return sees


def _linked(batch: GraphBatch, number_BT: Tensor) -> Tensor:
    """Which node token of a row sees which, shape (B, G, G), both numbered within the row."""
    rows, places = number_BT.shape
    most = max(int(number_BT.max()) + 1, 1)
    linked_BGG = torch.zeros((rows, most, most), dtype=torch.bool, device=number_BT.device)
    seeing_P, seen_P = batch.place_M[batch.pair_2P]
    number = number_BT.flatten()
    linked_BGG[seeing_P // places, number[seeing_P], number[seen_P]] = True
    return linked_BGG


def _nodes(batch: GraphBatch) -> Tensor:
    return (batch.role_BT == NODE) & (batch.segment_BT != PADDING)


def _prompt(batch: GraphBatch) -> Tensor:
    return (batch.role_BT == PROMPT) & (batch.segment_BT != PADDING)
