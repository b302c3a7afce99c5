"""Stage 0: a repository at a commit becomes a code graph and its indexes."""
