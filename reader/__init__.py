"""Stage 4: the code to edit becomes a patch."""
