"""What node tokens cost a Code Graph Model: encoding them, and building the mask of their edges.

    python benchmarks/node_tokens.py ENCODER REPOSITORY[@COMMIT] [--samples 8] [--nodes 128] [--rounds 3]
        [--dtype float32]

ENCODER is a folder or a name on the model hub. The encoder's chunks are those of some subgraphs, the neighbourhoods
of functions spread over a real repository, as one batch of training holds them. They are encoded by one call for each
chunk, as the published code does, then as here without what was encoded before, then with it; in turns, in CPU
seconds of one thread.
"""

import argparse
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch

from cgm.artifacts import Anchor, Subgraph
from cgm.graph import CodeGraph, NodeKind, subgraph_edges, subgraph_nodes
from cgm.model.batch import GraphBatch, collate
from cgm.model.config import EncoderConfig, GraphConfig
from cgm.model.encoder import TextEncoder
from cgm.model.links import link_chunks, token_positions, visible_pairs
from cgm.model.mask import dense_mask
from cgm.model.pretrained import load_encoder
from cgm.model.sample import Sample
from cgm.text import split_lines
from cgm.text_graph import TextGraph, build_text_graph
from preprocessing.snapshot import Snapshot, open_snapshot
from preprocessing.stage import build_graph

_SIZES = (512, 1024, 2048, 4096)  # node tokens
_DEGREE = 4  # edges for each node token
_PROMPT = 512


def neighbourhood(graph: CodeGraph, start: int, most: int) -> Subgraph:
    """A function with its ancestors, and what is linked to any of them."""
    chosen = dict.fromkeys([start, *graph.ancestors(start)])
    for node in chosen.copy():
        ends = (graph.edge_source == node) | (graph.edge_target == node)
        chosen |= dict.fromkeys([*graph.edge_source[ends].tolist(), *graph.edge_target[ends].tolist()])
    kept = sorted(list(chosen)[:most])
    nodes = subgraph_nodes(graph, {node: float(node == start) for node in kept})
    return Subgraph("", (Anchor(start, 1.0, ()),), nodes, subgraph_edges(graph, kept))


def text_graphs(location: str, commit: str, samples: int, most: int) -> Iterator[TextGraph]:
    """Subgraphs of functions spread evenly over a repository."""
    snapshot: Snapshot = open_snapshot(Path(location), commit)
    graph = build_graph(Path(location), commit)
    functions = graph.nodes_of_kind(NodeKind.FUNCTION)
    for start in functions[np.linspace(0, len(functions) - 1, samples).astype(int)].tolist():
        shown = neighbourhood(graph, start, most)
        yield build_text_graph(graph, shown, lambda path: split_lines(snapshot.read(path)), most)


def chunks_of(tokenizer: Any, graph: TextGraph) -> list[tuple[int, ...]]:
    """All chunks of a graph, of at most 512 tokens each."""
    cut = tokenizer(list(graph.texts), truncation=True, max_length=512, return_overflowing_tokens=True)
    return [tuple(tokens) for tokens in cut["input_ids"]]


def sample_of(chunks: list[tuple[int, ...]], edges: list[tuple[int, int, int]], prompt: int) -> Sample:
    """A sample of a node for each chunk."""
    links = link_chunks(edges, np.ones(len(chunks), dtype=np.int64))
    pairs, positions = visible_pairs(links, GraphConfig()), token_positions(links, [], "list")
    return Sample(tuple(chunks), links, pairs, positions, tuple(range(prompt)))


def one_by_one(model: Any, batch: GraphBatch) -> torch.Tensor:
    """Encode each node token by a call of its own, as it stands, padding and repetition aside."""
    with torch.no_grad():
        rows = [batch.chunk_CK[chunk, : batch.length_C[chunk]] for chunk in batch.chunk_M.tolist()]
        return torch.stack([model(input_ids=row[None]).last_hidden_state[0].mean(0) for row in rows])


def together(encoder: TextEncoder, batch: GraphBatch) -> torch.Tensor:
    """Encode the node tokens of a batch as the model does."""
    vectors: torch.Tensor = encoder(batch.chunk_CK, batch.length_C)
    return vectors[batch.chunk_M]


def timed(call: Callable[..., Any], *arguments: Any) -> tuple[Any, float]:
    """The result and the CPU seconds of a call."""
    begin = time.process_time()
    result = call(*arguments)
    return result, time.process_time() - begin


def compare_encoders(config: EncoderConfig, graphs: list[TextGraph], rounds: int) -> None:
    """Print the CPU seconds of each way to encode the node tokens of one batch, and how far their vectors differ."""
    model, tokenizer = load_encoder(config, "cpu")
    model.eval().requires_grad_(requires_grad=False)
    batch = collate([[sample_of(chunks_of(tokenizer, graph), [], 1)] for graph in graphs])
    tokens = int(batch.length_C[batch.chunk_M].sum())
    nodes = sum(map(len, graphs))
    chunks = f"{len(batch.chunk_M)} chunks of {tokens} tokens, {len(batch.chunk_CK)} distinct"
    print(f"{len(graphs)} subgraphs of {nodes} nodes, {chunks}")
    print("round | one call per chunk | batched, none known | all known | largest difference")
    for number in range(rounds):
        encoder = TextEncoder(model, "mean", 8192)
        slow, loop = timed(one_by_one, model, batch)
        fast, cold = timed(together, encoder, batch)
        _, warm = timed(together, encoder, batch)
        apart = float((slow - fast).abs().max())
        known = f"{cold:.2f} s ({loop / cold:.1f}x) | {warm:.3f} s ({loop / warm:.0f}x)"
        print(f"{number} | {loop:.2f} s | {known} | {apart:.1e}")


def naive_pairs(nodes: int, edges: list[tuple[int, int, int]]) -> list[tuple[int, int]]:
    """The same pairs by a loop over all of them."""
    linked = {(one, two) for _, one, two in edges} | {(two, one) for _, one, two in edges}
    return [(one, two) for one in range(nodes) for two in range(nodes) if one == two or (one, two) in linked]


def time_masks() -> None:
    """Print what the links, and then the mask itself, take at several sizes."""
    print("node tokens | edges | pairs from edges | naive double loop | mask of the row, filled")
    for nodes in _SIZES:
        chance = np.random.default_rng(0)
        ends = chance.integers(0, nodes, (_DEGREE * nodes, 2)).tolist()
        edges = [(2, one, two) for one, two in ends]
        chunks = [(number,) for number in range(nodes)]
        sample, sparse = timed(sample_of, chunks, edges, _PROMPT)
        _, naive = timed(naive_pairs, nodes, edges)
        batch = collate([[sample]])
        _, dense = timed(dense_mask, batch, "adjacency")
        print(f"{nodes} | {len(edges)} | {sparse * 1e3:.1f} ms | {naive * 1e3:.0f} ms | {dense * 1e3:.1f} ms")


def main() -> None:
    """Run both parts."""
    parser = argparse.ArgumentParser()
    parser.add_argument("encoder")
    parser.add_argument("repository")
    for name, default in (("--samples", 8), ("--nodes", 128), ("--rounds", 3)):
        parser.add_argument(name, type=int, default=default)
    parser.add_argument("--dtype", default="float32")
    asked = parser.parse_args()
    torch.set_num_threads(1)
    time_masks()
    location, _, commit = asked.repository.partition("@")
    graphs = list(text_graphs(location, commit, asked.samples, asked.nodes))
    compare_encoders(EncoderConfig("hf", asked.encoder, dtype=asked.dtype), graphs, asked.rounds)


if __name__ == "__main__":
    main()
