"""Patches judged as SWE-bench judges them: rows, predictions, untrusted diffs, tests run, what became of each."""
