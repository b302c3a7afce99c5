"""The command `cgm-compare`: runs side by side, and each later run paired against the first.

Knows run folders, and a multirun's folder as the runs within it. Does not know how a run is made.
"""

import argparse
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from cgm.artifacts import Artifact, Verdict, from_row, to_row
from cgm.errors import CgmError, InputError
from cgm.store import read_rows, write_json, write_text
from eval.localization import LEVELS, OVERVIEW_HEADER, Found, overview_rows, summarize, values
from eval.report.comparison_page import comparison_page
from eval.report.resolution_tables import comparison_markdown
from eval.report.tables import header, interval, paired_cells, row
from eval.statistics import compare
from eval.swebench.resolution import Comparison, Trail, resolution
from eval.swebench.resolution import compare_runs as compare_verdicts
from launch.evaluation.verdicts import VERDICTS

_RANKS = "ranks.jsonl"
_Run = dict[str, Found]


def main() -> None:
    """Print a markdown report on the runs of the command line and leave: 0, or 1 where a run cannot be read.

    With `--write FOLDER` it is also written there, as comparison.md and, of verdicts, comparison.json and
    comparison.html.
    """
    parser = argparse.ArgumentParser(
        prog="cgm-compare", description="What runs ranked and resolved, paired with the first."
    )
    parser.add_argument("runs", nargs="+", type=Path, metavar="RUN", help="a run folder, or a multirun's folder")
    parser.add_argument("--write", type=Path, metavar="FOLDER", help="write the report there too, with a page")
    arguments = parser.parse_args()
    try:
        text = compare_runs(arguments.runs)
        if arguments.write:
            write_comparison(arguments.write, arguments.runs, text)
        sys.stdout.write(text)
    except CgmError as error:
        sys.exit(f"error: {error}")


def compare_runs(folders: Sequence[Path]) -> str:
    """A markdown report: what each run ranked and resolved, then the differences of each later run to the first.

    Raises:
        InputError: a folder holds no run that was scored or judged, two runs share no instance, or have nothing of
            the same kind.
    """
    found = list(dict.fromkeys(_run_folders(folders)))
    names = _names(found)
    parts = [_localisation(names, found), _resolution(names, found)]
    lines = [line for part in parts if part for line in ("", *part)]
    if not lines:
        raise InputError(f"runs to compare must all have {_RANKS}, or all {VERDICTS}")
    return "\n".join(lines[1:]) + "\n"


def write_comparison(folder: Path, runs: Sequence[Path], text: str) -> None:
    """Write the report on runs, and where there are verdicts, what it counts and a page.

    Raises:
        StorageError: the folder cannot be written.
    """
    write_text(folder / "comparison.md", text)
    found = list(dict.fromkeys(_run_folders(runs)))
    names = _names(found)
    pairs = _pairs(names, _read(found, VERDICTS, Verdict))
    if pairs:
        rows = [{"runs": [names[0], name], **to_row(pair)} for name, pair in pairs]
        write_json(folder / "comparison.json", rows)
        write_text(folder / "comparison.html", comparison_page(names[0], pairs))


def _run_folders(folders: Sequence[Path]) -> Iterator[Path]:
    for folder in (folder.resolve() for folder in folders):
        inside = sorted({path.parent for name in (_RANKS, VERDICTS) for path in folder.rglob(name)})
        inside = [folder] if folder in inside else inside
        if not inside:
            raise InputError(f"a run must have {_RANKS}, which gold=FILE writes, or {VERDICTS}; got {folder}")
        yield from inside


def _names(folders: Sequence[Path]) -> list[str]:
    """Runs by the shortest ends of their paths, all of them distinct, that tell them apart."""
    depth = 1
    while len({folder.parts[-depth:] for folder in folders}) < len(folders):
        depth += 1
    return ["/".join(folder.parts[-depth:]) for folder in folders]


def _read(folders: Sequence[Path], name: str, kind: type[Artifact]) -> list[dict[str, Artifact]]:
    """By instance what each run has in a file; none where a run lacks the file."""
    if not all((folder / name).exists() for folder in folders):
        return []
    rows = ([fields for _, fields in read_rows(folder / name)] for folder in folders)
    return [{fields["instance_id"]: from_row(kind, fields) for fields in found} for found in rows]


def _localisation(names: Sequence[str], folders: Sequence[Path]) -> list[str]:
    runs = _read(folders, _RANKS, Found)
    lines = list(_overview(names, runs)) if runs else []
    for name, run in list(zip(names, runs, strict=False))[1:]:
        lines += ["", *_paired(f"{name} against {names[0]}", runs[0], run)]
    return lines


def _resolution(names: Sequence[str], folders: Sequence[Path]) -> list[str]:
    runs = _read(folders, VERDICTS, Verdict)
    if len(runs) == 1:
        share = resolution(_trails(runs[0]), runs[0]).resolved
        return [f"{names[0]}: {share.hits} of {share.n} resolved, 95 % interval {interval(share.low, share.high)}"]
    texts = [comparison_markdown((names[0], name), pair) for name, pair in _pairs(names, runs)]
    return "\n".join(texts).splitlines()


def _pairs(names: Sequence[str], runs: Sequence[Mapping[str, Verdict]]) -> list[tuple[str, Comparison]]:
    """Each later run paired with the first."""
    later = list(zip(names, runs, strict=False))[1:]
    return [(name, compare_verdicts(runs[0], run)) for name, run in later]


def _trails(verdicts: Mapping[str, Verdict]) -> list[Trail]:
    return [Trail(name, "") for name in verdicts]


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
