"""What is asked of a code graph for training: one module for each task."""
