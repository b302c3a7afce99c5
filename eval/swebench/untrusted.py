"""What a diff that nobody has read may do to a repository.

Knows which changes are refused, and which files belong to the judge: the tests that the row brings and what configures
a test run. Decides from the diff alone, before anything applies it. Does not know how a diff is worded
(`eval.swebench.diffs`) nor how it is applied. It cannot see what changed code does when it runs: that is the sandbox's
part.
"""

import unicodedata
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import PurePosixPath

from cgm.errors import PatchError, require
from cgm.store import fingerprint
from cgm.text import is_safe_path
from eval.swebench.diffs import Change, print_diff, read_diff

_TREATMENTS = ("drop", "refuse", "keep")
_MODES = {"100644", "100755"}
# what pytest, tox, coverage, the interpreter and git read by themselves; lower case
_HARNESS_NAMES = frozenset(
    {
        ".coveragerc",
        ".gitattributes",
        ".gitmodules",
        ".pytest.ini",
        ".pytest.toml",
        "conftest.py",
        "pyproject.toml",
        "pytest.ini",
        "pytest.toml",
        "setup.cfg",
        "sitecustomize.py",
        "tox.ini",
        "usercustomize.py",
    }
)
_RUNNERS = frozenset({"tests/runtests.py", "bin/test"})  # the programs that Django's and SymPy's tests are run by
_LONGEST_PATH = 1000  # characters; Linux takes some 4000 bytes
_UNPRINTABLE = {"Cc", "Cf", "Cs", "Zl", "Zp"}  # Unicode categories: control, invisible, half a character, line ends


@dataclass
class TrustConfig:
    """How much a diff may do.

    `tests` is what becomes of changes to the row's test files, `harness` of those to files that configure a test run:
    drop leaves them out and grades the rest, refuse refuses the whole diff, keep grades it as it is. The official
    harness keeps `harness` and overwrites `tests`.
    """

    max_kb: int = 4096
    max_files: int = 500
    tests: str = "drop"
    harness: str = "drop"

    def __post_init__(self) -> None:
        require(self.max_kb >= 1, "max_kb must be >= 1", self.max_kb)
        require(self.max_files >= 1, "max_files must be >= 1", self.max_files)
        for name in ("tests", "harness"):
            value = getattr(self, name)
            require(value in _TREATMENTS, f"{name} must be one of {', '.join(_TREATMENTS)}", value)


@dataclass(frozen=True)
class Screened:
    """What is left of a diff to grade, or why nothing is.

    `outcome` is empty where `diff` may be applied, otherwise the outcome of the verdict: empty, refused or
    does_not_apply. `dropped` are the files that were left out. `hash` is that of `diff`: for diffs that do the same in
    the same order it is the same.
    """

    outcome: str
    diff: str = ""
    message: str = ""
    paths: tuple[str, ...] = ()
    dropped: tuple[str, ...] = ()

    @property
    def hash(self) -> str:
        """32 hex digits, for keys of caches."""
        return fingerprint(self.diff)


def screen(diff: str, config: TrustConfig, *, tests: Collection[str] = (), links: Collection[str] = ()) -> Screened:
    """Decide what of a diff may be applied; a diff that is too large is not read.

    `tests` are the files of the row's test patch (`touched_files`). `links` are the symbolic links and submodules of
    the base commit: no diff may change them, since a link can lead out of the repository.
    """
    if len(diff) > config.max_kb << 10:
        return Screened("refused", message=f"a diff must have at most {config.max_kb} KiB, got {len(diff) >> 10}")
    if not diff.strip():
        return Screened("empty", message="the patch is empty")
    if "\0" in diff or any("\ud800" <= character <= "\udfff" for character in diff):
        return Screened("refused", message="a diff must be a text in UTF-8")
    try:
        changes = read_diff(diff)
    except PatchError as error:
        return Screened("does_not_apply", message=str(error))
    return _judge(changes, config, *({path.casefold() for path in paths} for paths in (tests, links)))


def touched_files(test_patch: str) -> tuple[str, ...]:
    """The files that a row's test patch touches, by every name that they have.

    Raises:
        PatchError: the test patch is malformed.
    """
    return tuple(dict.fromkeys(path for change in read_diff(test_patch) for path in change.paths))


def _judge(changes: list[Change], config: TrustConfig, tests: Collection[str], links: Collection[str]) -> Screened:
    if not changes:
        return Screened("does_not_apply", message="the patch holds no diff")
    if len(changes) > config.max_files:
        return Screened("refused", message=f"a diff must touch at most {config.max_files} files, got {len(changes)}")
    kept, dropped = list[Change](), list[str]()
    for change in changes:
        treatment, rule = _treatment(change, config, tests)
        why = _refusal(change, links) or (rule if treatment == "refuse" else "")
        if why:
            return Screened("refused", message=why)
        if treatment == "drop":
            dropped += change.paths
        else:
            kept.append(change)
    return _screened(kept, tuple(dict.fromkeys(dropped)))


def _screened(kept: list[Change], dropped: tuple[str, ...]) -> Screened:
    message = f"left out, as they belong to the tests: {', '.join(dropped)}" if dropped else ""
    if not kept:
        return Screened("refused", message=message, dropped=dropped)
    paths = dict.fromkeys(path for change in kept for path in change.paths)
    return Screened("", print_diff(kept), message, tuple(paths), dropped)


def _refusal(change: Change, links: Collection[str]) -> str:
    """Why no treatment saves a change, empty where nothing is wrong with it."""
    if not all(map(_is_plain, change.paths)):
        return f"a changed file must lie in the repository and have a plain name, got {_named(change)}"
    strange = sorted(set(change.modes.values()) - _MODES)
    linked = any(_leads_through(path.casefold(), links) for path in change.paths)
    rules = (
        (not change.binary, "a diff must be of texts, not binary"),
        (not strange, f"a changed file must be a regular one, not of mode {', '.join(strange)}"),
        (not linked, "a diff must leave links and submodules alone"),
    )
    return next((f"{rule}, got {_named(change)}" for holds, rule in rules if not holds), "")


def _treatment(change: Change, config: TrustConfig, tests: Collection[str]) -> tuple[str, str]:
    """What becomes of a change, drop, refuse or keep, and which rule it breaks."""
    if any(path.casefold() in tests for path in change.paths):
        return config.tests, f"a diff must leave alone the tests that grade it, got {_named(change)}"
    if any(map(is_harness_file, change.paths)):
        return config.harness, f"a diff must leave alone what configures the tests, got {_named(change)}"
    return "keep", ""


def _named(change: Change) -> str:
    return repr(" to ".join(path[:_LONGEST_PATH] for path in change.paths))


def is_harness_file(path: str) -> bool:
    """Whether test runs, the interpreter or git read a file by themselves."""
    lower = path.casefold()
    return PurePosixPath(lower).name in _HARNESS_NAMES or lower.endswith(".pth") or lower in _RUNNERS


def _is_plain(path: str) -> bool:
    """Whether every system reads a path as the same place within the repository, and git writes it unquoted."""
    if len(path) > _LONGEST_PATH:
        return False
    odd = '"' in path or path != path.strip() or any(unicodedata.category(one) in _UNPRINTABLE for one in path)
    return is_safe_path(path) and not odd


def _leads_through(path: str, links: Collection[str]) -> bool:
    return path in links or any(str(parent) in links for parent in PurePosixPath(path).parents)
