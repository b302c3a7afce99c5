"""The Code Graph Model: a language model that also reads a graph, as node tokens under a mask of its edges."""
