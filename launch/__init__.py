"""Commands: Hydra settings in, run folders out; the only package that knows how stages are wired."""
