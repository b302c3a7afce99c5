"""How each language's imports lead to files.

Knows which rule has which origins. Does not know imports.
"""

from collections.abc import Callable, Mapping, Sequence

from preprocessing.facts import FileFacts
from preprocessing.languages import ImportRule
from preprocessing.polyglot.crates import CrateOrigins
from preprocessing.polyglot.folders import FolderOrigins
from preprocessing.polyglot.includes import IncludeOrigins
from preprocessing.polyglot.origins import Origins, PackageOrigins, PathOrigins

_Open = Callable[[Sequence[str], Sequence[FileFacts], Sequence[int]], Origins]
_RULES: Mapping[ImportRule, _Open] = {
    ImportRule.PATH: PathOrigins,
    ImportRule.PACKAGE: PackageOrigins,
    ImportRule.FOLDER: FolderOrigins,
    ImportRule.CRATE: CrateOrigins,
    ImportRule.INCLUDE: IncludeOrigins,
}


def open_origins(rule: ImportRule, paths: Sequence[str], facts: Sequence[FileFacts], files: Sequence[int]) -> Origins:
    """Read what a rule needs of a snapshot; imports lead to `files` alone."""
    return _RULES[rule](paths, facts, files)
