"""Python: one file into facts, and what its names mean over a snapshot."""
