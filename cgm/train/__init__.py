"""Training a Reader: examples, where they come from, and the loop."""
