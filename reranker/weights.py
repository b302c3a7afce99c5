"""Weights of the heuristic Reranker's features, with their card.

Data: the 374 issues of SWE-bench Verified without Lite that have gold functions; gold are the files and functions that
the true patch edits at the base commit. Repositories: astropy, django, flask, matplotlib, pylint, pytest, requests,
scikit-learn, seaborn, sphinx, sympy, xarray. Date: 2026-11-21. Command: `python benchmarks/fit_reranker.py
dataset=dev.jsonl repos=repos/ gold=dev_gold.jsonl`, on code graphs of commit 8750f3a. Metrics, the repository of each
issue left out of the fit: files strict@1/3/5/10 56.1/76.5/82.4/89.6, functions strict@1/5/10 33.2/56.4/64.2.
"""

FUNCTION_WEIGHTS: dict[str, float] = {
    "fused": 7.06,
    "frame": 1.04,
    "message": 0.85,
    "called": 1.39,
    "calls": 0.76,
    "constructor": -1.06,
    "special": 0.75,
    "foreign": -0.84,
}
FILE_WEIGHTS: dict[str, float] = {
    "bm25": 1.59,
    "path": 0.31,
    "frame": 0.02,
    "name": 0.26,
    "best_function": 0.46,
    "function_share": 0.26,
    "stem_in_title": 0.92,
    "folder_in_title": 1.19,
    "folder_in_code": 0.65,
    "importer": 0.34,
    "named_inside": 0.34,
    "crowd": 0.09,
    "package_init": -0.42,
    "foreign": -0.23,
}
