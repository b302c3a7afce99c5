"""Files of a folder that have other texts for a while.

Knows that no path leads out of the folder, and that everything comes back. Does not know what is done meanwhile.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from cgm.errors import SandboxError


@contextmanager
def swapped(root: Path, texts: Mapping[str, str]) -> Iterator[None]:
    """Give files new texts for a while; what was there before comes back, and what was not is gone.

    Raises:
        SandboxError: a path leads out of the folder, by itself or by a link.
    """
    targets = {_inside(root, path): text for path, text in texts.items()}
    before = {target: target.read_bytes() if target.is_file() else None for target in targets}
    try:
        for target, text in targets.items():
            _write(target, text.encode("utf-8", "surrogateescape"))
            target.chmod(0o644)
        yield
    finally:
        for target, content in before.items():
            if content is None:
                target.unlink(missing_ok=True)
            else:
                target.write_bytes(content)


def write_inside(root: Path, path: str, content: bytes) -> None:
    """Write a file of a folder, and the folders on the way to it.

    Raises:
        SandboxError: the path leads out of the folder.
    """
    _write(_inside(root, path), content)


def _inside(root: Path, path: str) -> Path:
    target = root / path
    if target == root or not target.resolve().is_relative_to(root.resolve()):
        raise SandboxError(f"a changed file must lie in the repository, got {path!r}")
    return target


def _write(target: Path, content: bytes) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(content)
