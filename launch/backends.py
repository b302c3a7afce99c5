"""What backends are made of, and the bench that the local one lends the Reader while it looks for a repair.

Knows their services, when there is a bench, and what its results depend on. Does not know what is run.
"""

from pathlib import Path
from typing import Any

from cgm.errors import require
from cgm.protocols import Bench
from cgm.store import fingerprint, read_bytes
from eval.swebench.backend import Backend
from eval.swebench.bench import LocalBench
from eval.swebench.harness import Table, read_table
from eval.swebench.rows import load_rows
from launch.identity import code_version
from launch.schema import Choice, RunConfig, build


def backend_services(cache_dir: Path, repos: str, table: str) -> dict[str, Any]:
    """What backends may ask for: git directories, the table of specifications, and folders that are kept.

    Raises:
        ConfigError: the table cannot be read.
    """
    default = default_table(cache_dir)
    path = Path(table) if table else default
    return {
        "repos": Path(repos).absolute() if repos else None,
        "table": read_table(path) if table or default.exists() else Table(),
        "environments": cache_dir / "environments",
        "images": cache_dir / "images",
    }


def default_table(cache_dir: Path) -> Path:
    """Where the table of specifications lies unless a setting names another."""
    return cache_dir / "specifications.json"


def make_backend(choice: Choice, services: dict[str, Any]) -> Backend:
    """The chosen backend.

    Raises:
        ConfigError: none is chosen, or it lacks a service.
        SandboxError: it cannot run here.
    """
    require(bool(choice.option.target), "backend must be one that runs tests", choice.option.name)
    backend: Backend = build(choice, services)
    return backend


def wants_bench(config: RunConfig) -> bool:
    """Whether the Reader tries its repairs, and the backend is one that runs tests on this machine."""
    runs_code = "reader" in config.stages and getattr(config.reader.config, "runs_code", False)
    return bool(runs_code) and config.backend.option.name == "local"


def make_bench(config: RunConfig) -> Bench:
    """The bench of the local backend, for the rows of the dataset.

    Raises:
        ConfigError: no harness is installed, or the table of specifications cannot be read.
        DatasetError: the dataset is malformed.
        SandboxError: nothing can be isolated here.
    """
    services = backend_services(Path(config.cache_dir), config.repos, config.table)
    wanted = {name: services[name] for name in ("table", "repos", "environments")}
    return LocalBench(config.backend.config, rows=load_rows(Path(config.dataset)), **wanted)


def bench_identity(config: RunConfig) -> list[Any]:
    """What its results depend on besides the code that is run: settings, specifications and our own code."""
    table = Path(config.table) if config.table else default_table(Path(config.cache_dir))
    known = fingerprint(read_bytes(table).hex()) if table.exists() else ""
    return [config.backend.identity(), known, *map(code_version, ("eval", "eval.swebench"))]
