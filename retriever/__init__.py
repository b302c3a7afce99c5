"""Stage 2: a rewritten issue becomes anchors and a connected subgraph."""
