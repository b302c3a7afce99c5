"""Prompts of training tasks, one Jinja template each."""
