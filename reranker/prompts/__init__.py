"""Prompts of the Reranker, one Jinja template each."""
