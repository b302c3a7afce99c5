"""Prompts of the Rewriter, one Jinja template each."""
