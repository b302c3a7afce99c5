"""The commits behind a commit: what each changed, and lines followed backwards through them."""
