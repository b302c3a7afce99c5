"""Stage 1: an issue becomes code entities, keywords and search queries."""
