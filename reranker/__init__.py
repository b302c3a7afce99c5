"""Stage 3: a subgraph becomes an ordered list of files and functions to edit."""
