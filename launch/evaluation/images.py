"""Images of instances, made before a run needs them: `cgm-eval task=images`.

Knows the task's reports. Does not know how an image is made (`eval.docker.images`).
"""

import dataclasses
import logging
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from cgm.errors import CgmError
from cgm.store import write_json
from eval.docker.containers import DockerBackend, DockerConfig
from eval.swebench.backend import Row
from launch.backends import backend_services, make_backend
from launch.console import printable
from launch.evaluation.settings import EvalConfig
from launch.schema import Choice, find_option

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Built:
    """An image, its size in bytes with all layers, and the seconds it took; or the error instead, and its message."""

    instance_id: str
    image: str = ""
    size: int = 0
    seconds: float = 0.0
    error: str = ""
    message: str = ""


def building(choice: Choice) -> Choice:
    """A backend's settings, told to build; images are Docker's, whichever backend was chosen."""
    config = choice.config if isinstance(choice.config, DockerConfig) else DockerConfig()
    return Choice(find_option("backend", "docker"), dataclasses.replace(config, images="build"))


def image_backend(settings: EvalConfig) -> DockerBackend:
    """The backend that builds.

    Raises:
        ConfigError: it lacks something, or a setting makes no sense.
    """
    services = backend_services(Path(settings.cache_dir), settings.repos, settings.table)
    made = make_backend(building(settings.backend), services)
    assert isinstance(made, DockerBackend)
    return made


def build_images(backend: DockerBackend, rows: Sequence[Row]) -> Iterator[Built]:
    """Build the image of every row that has none, one after the other, and go on where one fails."""
    for number, row in enumerate(rows, 1):
        _log.info("%d of %d: %s", number, len(rows), printable(row["instance_id"]))
        started = time.perf_counter()
        try:
            image = backend.image(row)
        except CgmError as error:
            message = " ".join(str(error).split())
            yield Built(row["instance_id"], error=type(error).__name__, message=message)
        else:
            seconds = round(time.perf_counter() - started, 1)
            yield Built(row["instance_id"], image.name, image.size, seconds)


def write_images(folder: Path, found: Sequence[Built]) -> Path:
    """Write images.json into a run folder, and give back where it lies."""
    path = folder / "images.json"
    write_json(path, [dataclasses.asdict(built) for built in found])
    return path


def show_images(console: Console, found: Sequence[Built], path: Path) -> None:
    """Print the images, and what was in the way of those that are missing."""
    table = Table("instance", "image", "MiB", "seconds", box=None)
    for built in found:
        row = (built.image, str(built.size >> 20), f"{built.seconds:g}") if built.image else (built.message, "", "")
        table.add_row(*map(printable, (built.instance_id, *row)))
    console.print(table)
    console.print(f"{sum(bool(built.image) for built in found)} of {len(found)} images are there: {path}")
