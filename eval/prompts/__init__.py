"""Prompts of evaluations, one file each."""
