"""The command `cgm-compare`: runs side by side, and each later run paired against the first.

Knows run folders, and a multirun's folder as the runs within it. Does not know how a run is made.
"""

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from cgm.artifacts import from_row
from cgm.errors import CgmError, InputError
from cgm.store import read_rows
from eval.localization import LEVELS, OVERVIEW_HEADER, Found, overview_rows, summarize, values
from eval.statistics import compare
from eval.tables import header, paired_cells, row

_RANKS = "ranks.jsonl"
_Run = dict[str, Found]


def main() -> None:
    """Print a markdown report on the runs of the command line and leave: 0, or 1 where a run cannot be read."""
    parser = argparse.ArgumentParser(prog="cgm-compare", description="Localisation of runs, paired with the first.")
    parser.add_argument("runs", nargs="+", type=Path, metavar="RUN", help="a run folder, or a multirun's folder")
    try:
        sys.stdout.write(compare_runs(parser.parse_args().runs))
    except CgmError as error:
        sys.exit(f"error: {error}")


def compare_runs(folders: Sequence[Path]) -> str:
    """A markdown report: strict Acc@k and MRR of each run, then the differences of each later run to the first.

    Raises:
        InputError: a folder holds no scored run, or two runs share no instance.
    """
    names, runs = _names(list(dict.fromkeys(_run_folders(folders))))
    lines = list(_overview(names, runs))
    for name, run in list(zip(names, runs, strict=True))[1:]:
        lines += ["", *_paired(f"{name} against {names[0]}", runs[0], run)]
    return "\n".join(lines) + "\n"


def _run_folders(folders: Sequence[Path]) -> Iterator[Path]:
    for folder in (folder.resolve() for folder in folders):
        inside = [folder] if (folder / _RANKS).exists() else sorted(path.parent for path in folder.rglob(_RANKS))
        if not inside:
            raise InputError(f"a run must have {_RANKS}, which gold=FILE writes; got {folder}")
        yield from inside


def _names(folders: Sequence[Path]) -> tuple[list[str], list[_Run]]:
    """Runs by the shortest ends of their paths, all of them distinct, that tell them apart."""
    depth = 1
    while len({folder.parts[-depth:] for folder in folders}) < len(folders):
        depth += 1
    return ["/".join(folder.parts[-depth:]) for folder in folders], [_read(folder) for folder in folders]


def _read(folder: Path) -> _Run:
    found = (from_row(Found, fields) for _, fields in read_rows(folder / _RANKS))
    return {item.instance_id: item for item in found}


def _overview(names: Sequence[str], runs: Sequence[_Run]) -> Iterator[str]:
    yield from header(["run", *OVERVIEW_HEADER])
    for name, run in zip(names, runs, strict=True):
        yield from (row([name, *cells]) for cells in overview_rows(summarize(list(run.values()))))


def _paired(title: str, first: _Run, second: _Run) -> Iterator[str]:
    shared = [name for name in first if name in second]
    if not shared:
        raise InputError(f"runs must share instances, got none for {title}")
    yield f"{title}, {len(shared)} instances (first {len(first)}, second {len(second)})"
    yield ""
    yield from header(["level", "metric", "difference", "95 % interval", "better", "worse", "McNemar p"])
    old, new = (values([run[name] for name in shared]) for run in (first, second))
    for level in LEVELS:
        for metric in old[level]:
            yield row([level, metric, *paired_cells(compare(old[level][metric], new[level][metric]))])
