"""What a run folder says of each instance, for a report on its resolved issues.

Knows which file of a run folder holds which artifact. Does not know how they are counted (`eval.swebench.resolution`).
"""

from collections.abc import Iterable, Mapping
from pathlib import Path

from cgm.artifacts import Artifact, Gold, Issue, Patch, Ranking, Subgraph, Usage, from_row
from cgm.errors import DatasetError
from cgm.store import read_rows
from eval.swebench.resolution import Trail


def read_trails(
    issues: Iterable[Issue], gold: Mapping[str, Gold], *, folder: Path | None, diffs: Mapping[str, str]
) -> list[Trail]:
    """Follow each issue through a run, in the order of the issues.

    `diffs` are the patches that were graded, which need not be those of the run; usage is the Reader's. Without a
    folder nothing else is known; a file that the run did not write counts as empty.

    Raises:
        StorageError: a file cannot be read.
        DatasetError: a file holds an instance twice.
    """
    subgraphs = _by_instance(folder, "subgraphs", Subgraph)
    rankings = _by_instance(folder, "reasons", Ranking)
    patches = _by_instance(folder, "repairs", Patch)
    return [
        Trail(
            name,
            issue.repo,
            gold.get(name),
            subgraphs.get(name),
            rankings.get(name),
            diffs.get(name, ""),
            patches[name].usage if name in patches else Usage(),
        )
        for issue in issues
        for name in (issue.instance_id,)
    ]


def _by_instance(folder: Path | None, name: str, kind: type[Artifact]) -> dict[str, Artifact]:
    path = folder / f"{name}.jsonl" if folder else None
    if path is None or not path.exists():
        return {}
    found: dict[str, Artifact] = {}
    for number, row in read_rows(path):
        artifact = from_row(kind, row)
        if row["instance_id"] in found:
            raise DatasetError(f"{path}:{number}: instance_id must be unique, got {row['instance_id']!r} twice")
        found[row["instance_id"]] = artifact
    return found
