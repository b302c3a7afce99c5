"""Verdicts from the harness itself, in a container of the instance's image.

Knows the limits of a container, where its image comes from, and how what the harness leaves becomes a verdict. Does not
know how the harness is driven (`eval.swebench.harness`), an engine asked (`eval.docker.engine`) or an image built
(`eval.docker.images`).
"""

import time
from collections.abc import Collection
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from cgm.artifacts import Verdict
from cgm.errors import SandboxError, StorageError, require
from cgm.store import fingerprint, scratch_folder
from eval.docker.confined import ConfinedClient
from eval.docker.engine import LABEL, Engine, Image
from eval.docker.images import RECIPE, ImageBuilder
from eval.docker.imagestore import ImageStore
from eval.docker.owner import is_orphan, own_mark
from eval.docker.script import harness_row, is_complete
from eval.docker.watch import Bounds, Ending, watched
from eval.swebench.backend import Row, Trial
from eval.swebench.checkout import git_directory, links
from eval.swebench.environment import UNTIL, Environments
from eval.swebench.harness import Grade, Record, Table, grade_row, grading_release, run_official
from eval.swebench.specification import Specification, specification

_SOURCES = ("present", "pull", "build")
_TRIAL = f"{LABEL}.trial"
_GRACE = 120.0  # seconds for all that is not the tests


@dataclass
class DockerConfig:
    """Where images come from and what a container may use.

    `images` says what becomes of an instance whose image the engine has not: present refuses it, pull fetches the
    row's image or the one that is published in `namespace`, build makes one on the image `base`, itself made of the
    archive `system` where it is missing. `disk_mb` is what a container may write; `free_mb` stays free on the engine's
    disk; `layers_mb` is what images may take before those that this run brought are removed again, 0 for no limit.
    """

    host: str = ""
    images: str = "present"
    namespace: str = "swebench"
    base: str = "debian:bookworm"
    system: str = ""
    until: str = UNTIL
    seconds: float = 1800.0
    memory_mb: int = 8192
    cpus: float = 2.0
    processes: int = 1024
    disk_mb: int = 10240
    free_mb: int = 5120
    layers_mb: int = 0
    output_mb: int = 32
    network: bool = False
    patience: float = 120.0

    def __post_init__(self) -> None:
        require(self.images in _SOURCES, f"backend.images must be one of {', '.join(_SOURCES)}", self.images)
        for name in ("seconds", "memory_mb", "cpus", "processes", "disk_mb", "output_mb"):
            require(getattr(self, name) > 0, f"backend.{name} must be > 0", getattr(self, name))
        for name in ("free_mb", "layers_mb", "patience"):
            require(getattr(self, name) >= 0, f"backend.{name} must be >= 0", getattr(self, name))


class DockerBackend:
    """Tests in containers of one engine: the harness's own commands, under our limits.

    `table` says how the instances run whose rows do not; `repos` holds the git directories, which only building images
    needs, with the environments in `environments`.

    Raises:
        ConfigError: no harness is installed that grades, or there is nothing to build images from.
    """

    name = "docker"

    def __init__(self, config: DockerConfig, *, table: Table, repos: Path | None, environments: Path) -> None:
        require(config.images != "build" or repos is not None, "backend.images=build needs repos", repos)
        self._release = grading_release()
        self._config, self._table, self._repos = config, table, repos
        self._engine = Engine(config.host, patience=config.patience)
        self._mark, self._stopped, self._swept = own_mark(), False, False
        self._left: set[str] = set()
        builder = (
            image_builder(config, self._engine, table=table, repos=repos, environments=environments) if repos else None
        )
        self._images = ImageStore(
            self._engine, builder, source=config.images, namespace=config.namespace, layers_mb=config.layers_mb
        )

    def identity(self, row: Row) -> Any:
        """The harness, the image that the tests run in, and how they run. Raises as `Backend`."""
        spec, asked = self._asked(row)
        with self._images.holding(row, spec) as image:
            return [self._release, image.labels.get(RECIPE, image.identity), fingerprint(asked)]

    def image(self, row: Row) -> Image:
        """The image of an instance, brought if it is not there. Raises as `Backend`."""
        with self._images.holding(row, self._asked(row)[0]) as image:
            return image

    def links(self, row: Row) -> Collection[str]:
        """What no diff may touch, where a git directory tells it; a container keeps the rest. Raises as `Backend`."""
        return links(git_directory(self._repos, row["repo"]), row["base_commit"]) if self._repos else ()

    def stop(self) -> None:
        """End the containers that run."""
        self._stopped = True
        self._engine.remove_containers(f"{LABEL}={self._mark}")

    def run(self, row: Row, diff: str) -> Trial:
        """Run an instance as the harness does. Raises as `Backend`."""
        spec, asked = self._asked(row)
        self._sweep()
        self._check()
        with self._images.holding(row, spec) as image:
            start = time.monotonic()
            trial = self._tried(asked | {"image": image.name}, diff)
        return replace(trial, verdict=replace(trial.verdict, seconds=round(time.monotonic() - start, 3)))

    def _asked(self, row: Row) -> tuple[Specification | None, dict[str, Any]]:
        """How an instance is installed, where that has to be known, and the row that the harness asks for."""
        known = is_complete(row) and self._config.images != "build"
        spec = None if known else specification(row, self._table.specs)
        return spec, harness_row(row, spec, self._table.parsers.get(row["repo"], ""))

    def _tried(self, asked: dict[str, Any], diff: str) -> Trial:
        # the harness names the container by the folder, so a hash of the diff stands in both
        with scratch_folder(f"r4-{fingerprint(diff)[:12]}-") as folder:
            client = self._confined(folder.name)
            with self._watched(folder.name) as ending:
                record = run_official(asked, diff, client, folder=folder, seconds=self._config.seconds)
            self._remove(folder.name)
        grade = record.report
        if grade is None and client.ended and not record.timed_out:
            grade = grade_row(asked, record.output or "")
        if self._stopped:
            raise SandboxError(f"{asked['instance_id']} was stopped")
        return Trial(verdict_of(asked["instance_id"], record, grade, ending), record.output or record.journal)

    def _confined(self, trial: str) -> ConfinedClient:
        options = container_options(self._config) | {"labels": {LABEL: self._mark, _TRIAL: trial}}
        return ConfinedClient(
            self._engine.client(),
            options,
            output_bytes=self._config.output_mb << 20,
            survives=self._engine.survives,
            remove=self._engine.remove_container,
        )

    def _watched(self, trial: str) -> AbstractContextManager[Ending]:
        label, config = f"{_TRIAL}={trial}", self._config

        def written_mb() -> int:
            found = self._engine.containers(label, measured=True)
            return sum(int(container.get("SizeRw") or 0) for container in found) >> 20

        return watched(
            Bounds(config.seconds + _GRACE, config.disk_mb, config.free_mb),
            written_mb=written_mb,
            free_mb=self._engine.free_mb,
            end=lambda: self._engine.remove_containers(label),
        )

    def _check(self) -> None:
        if self._stopped:
            raise SandboxError("the run was stopped")
        free = self._engine.free_mb()
        if free is not None and free < self._config.free_mb:
            message = f"the engine's disk must keep {self._config.free_mb} MiB free (backend.free_mb), it has {free}"
            raise StorageError(message)

    def _remove(self, trial: str) -> None:
        """Remove a trial's container, later where the engine does not answer."""
        self._left.add(trial)
        with suppress(SandboxError):
            self._engine.remove_containers(f"{_TRIAL}={trial}")
            self._left.discard(trial)

    def _sweep(self) -> None:
        """Remove what an engine that did not answer has kept, and once what a run left that was killed."""
        for trial in list(self._left):
            self._remove(trial)
        if self._swept:
            return
        for container in self._engine.containers(LABEL):
            if is_orphan(container["Labels"][LABEL]):
                self._engine.remove_container(container["Id"])
        self._swept = True


def container_options(config: DockerConfig) -> dict[str, Any]:
    """The limits of every container, in the words of the SDK."""
    return {
        "network_mode": "bridge" if config.network else "none",
        "mem_limit": f"{config.memory_mb}m",
        "memswap_limit": f"{config.memory_mb}m",
        "nano_cpus": round(config.cpus * 1e9),
        "pids_limit": config.processes,
        # the harness would add the right to mount, which browsers ask for
        "cap_add": [],
        "security_opt": ["no-new-privileges"],
    }


def image_builder(
    config: DockerConfig, engine: Engine, *, table: Table, repos: Path, environments: Path
) -> ImageBuilder:
    """The builder that the settings ask for."""
    kept = Environments(environments, repos, requirement_paths=table.requirement_paths, until=config.until)
    system = Path(config.system) if config.system else None
    return ImageBuilder(engine, kept, repos=repos, base=config.base, system=system, free_mb=config.free_mb)


def verdict_of(instance_id: str, record: Record, grade: Grade | None, ending: Ending) -> Verdict:
    """What the harness left, read as a verdict; `ending` says why a container was ended before its time."""
    blank = Verdict(instance_id, "infrastructure", applied=record.applied, backend=DockerBackend.name)
    if record.refused:
        return replace(blank, outcome="does_not_apply", applied="", message=record.refused)
    if ending.reason and record.report is None:
        return replace(blank, outcome=ending.outcome, message=ending.reason)
    if record.timed_out:
        return replace(blank, outcome="timed_out", message="the tests did not end in time")
    if grade is None:
        return replace(blank, message=record.failure)
    if not grade.ran:
        message = f"the log has no results, its last line is {record.last_line!r}"
        return replace(blank, outcome="no_tests", message=message)
    outcome = "resolved" if grade.resolved else "unresolved"
    return replace(blank, outcome=outcome, fail_to_pass=grade.fail_to_pass, pass_to_pass=grade.pass_to_pass)
