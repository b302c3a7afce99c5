"""Run a peer on a copy of a checkout, in the peer's own interpreter, and write its graph in the form of `edges`.

    python harness.py ADAPTER SOURCES ROOT OUT.jsonl

ADAPTER is a module of this folder with `load(sources)`, which imports the peer from its checkout (or from its
interpreter), `build(tool, root)`, which makes the graph, and `edges(built, root)`, which yields (kind, source, target).
The first line is what `build` took: CPU seconds with child processes, wall seconds, the process' most MiB. Needs the
standard library alone.
"""

import importlib
import json
import resource
import shutil
import sys
import tempfile
import time
from pathlib import Path


def cpu_seconds() -> float:
    """CPU seconds of this process and its children."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


def main(name: str, sources: Path, root: Path, out: Path) -> None:
    """Build, then write; some peers leave files in what they read, so they get a copy."""
    sys.setrecursionlimit(10_000)
    adapter = importlib.import_module(name)
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder, root.name).resolve()
        shutil.copytree(root, copy, symlinks=True)
        tool = adapter.load(sources)
        cpu, wall = cpu_seconds(), time.perf_counter()
        built = adapter.build(tool, copy)
        cost = {
            "cpu": cpu_seconds() - cpu,
            "wall": time.perf_counter() - wall,
            "mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        }
        found = sorted(set(adapter.edges(built, copy)))
    lines = [json.dumps({"cost": cost})]
    lines += [json.dumps({"kind": kind, "source": one, "target": other}) for kind, one, other in found]
    out.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]), Path(sys.argv[4]))
