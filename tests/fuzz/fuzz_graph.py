"""Coverage-guided fuzzing of the code graph: `make fuzz SECONDS=600`.

Knows atheris and where its corpus lies. Does not know what must hold (`target`). A finding is written beside the
corpus as `crash-*`, `timeout-*` or `oom-*`: add it to `corpus/` under a name that says what it found, and mend it.
"""

import sys
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["preprocessing", "cgm"]):
    from target import check_repository, pack, unpack

_FOLDER = Path(__file__).parent
_GOLDENS = _FOLDER.parent / "preprocessing" / "golden"
_MOST_BYTES = 1 << 13
_LIMITS = ("-timeout=30", "-rss_limit_mb=2048", f"-max_len={_MOST_BYTES}")


def _feed(data: bytes) -> None:
    files = unpack(data)
    if files:
        check_repository(files)


def _write_seeds(folder: Path) -> None:
    """Every golden project, whole and file by file, as a place to start from."""
    folder.mkdir(parents=True, exist_ok=True)
    for project in sorted(path for path in _GOLDENS.glob("*") if path.is_dir()):
        files = {path.relative_to(project).as_posix(): path.read_bytes() for path in _files(project)}
        seeds = {project.name: files} | {
            f"{project.name}-{number}": dict([one]) for number, one in enumerate(files.items())
        }
        for name, seed in seeds.items():
            (folder / name).write_bytes(pack(seed)[:_MOST_BYTES])


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def main() -> None:
    """Fuzz with libFuzzer's options; the first argument is the folder of the growing corpus."""
    corpus = Path(sys.argv[1])
    _write_seeds(corpus)
    atheris.Setup([sys.argv[0], str(corpus), str(_FOLDER / "corpus"), *_LIMITS, *sys.argv[2:]], _feed)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
