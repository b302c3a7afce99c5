"""A Docker engine, through the docker SDK: images, containers that bear a label, and the room that is left.

Knows how the engine is reached and waited for, and that only what bears a label of ours is ever removed. Its errors
are `SandboxError`s of one line. Does not know what images hold (`eval.docker.images`) nor what runs in containers.
"""

import importlib
import re
import shutil
import threading
import time
import weakref
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from cgm.errors import ConfigError, SandboxError

# on everything that is made here, images and containers
LABEL = "org.r4-cgm"
_MIB = 1 << 20
_CALL_SECONDS = 120
_BUILD_SECONDS = 3600
_CONNECTIONS = 64
_COLOUR = re.compile(r"\x1b\[[\d;]*m")


@dataclass(frozen=True)
class Image:
    """An image that the engine has: its identity, its size in bytes with all its layers, and its labels."""

    name: str
    identity: str
    size: int
    labels: Mapping[str, str]


class Engine:
    """Talks to one engine; several threads may.

    `host` is its address, empty for the one that the environment names. One that has answered before is waited for, up
    to `patience` seconds, since engines are restarted.
    """

    def __init__(self, host: str = "", *, patience: float = 120.0) -> None:
        self._host, self._patience = host, patience
        self._lock = threading.Lock()
        self._known: Any = None

    def client(self) -> Any:
        """A `docker.DockerClient` of an engine that answers.

        Raises:
            ConfigError: the package docker is not installed.
            SandboxError: the engine does not answer.
        """
        deadline = time.monotonic() + self._patience
        while True:
            try:
                return self._connected()
            except SandboxError:
                if self._known is None or time.monotonic() >= deadline:
                    raise
                time.sleep(min(2.0, self._patience / 10))

    def image(self, name: str) -> Image | None:
        """An image by its name; None where the engine has none."""
        client = self.client()
        with speaking("look for an image"):
            try:
                found = client.images.get(name)
            except sdk_errors().ImageNotFound:
                return None
            return Image(name, found.id, int(found.attrs["Size"]), found.labels or {})

    def pull(self, name: str) -> None:
        """Fetch an image from its registry."""
        client = self.client()
        with speaking(f"pull {name}"):
            client.images.pull(name)

    def load(self, archive: BinaryIO, name: str) -> None:
        """Make an image of a root file system, a tar archive."""
        client = self.client()
        repository, _, tag = name.rpartition(":")
        with speaking(f"import {name}"):
            client.api.import_image_from_data(archive, repository=repository, tag=tag)

    def build(self, context: BinaryIO, name: str, labels: Mapping[str, str]) -> None:
        """Build an image without the network from a tar archive that holds its Dockerfile.

        Raises:
            SandboxError: a step fails; the message holds the end of what it printed.
        """
        client = self.client()
        said: list[str] = []
        with speaking(f"build {name}"):
            steps = client.api.build(
                fileobj=context,
                custom_context=True,
                tag=name,
                labels={LABEL: "image", **labels},
                network_mode="none",
                rm=True,
                forcerm=True,
                decode=True,
                timeout=_BUILD_SECONDS,
            )
            for step in steps:
                if "error" in step:
                    raise SandboxError(f"cannot build {name}: {_end(said) or step['error']}")
                said.append(str(step.get("stream", "")))

    def remove_image(self, name: str) -> bool:
        """Remove an image by its name or identity, and say whether it is gone; others that stand on it keep it."""
        client = self.client()
        with speaking(f"remove {name}"):
            try:
                client.images.remove(name)
            except sdk_errors().ImageNotFound:
                return True
            except sdk_errors().APIError as error:
                if error.status_code != 409:
                    raise
                return False
        return True

    def images(self) -> list[Image]:
        """The images that were built here, by name."""
        client = self.client()
        with speaking("list images"):
            found = client.images.list(filters={"label": LABEL})
            made = [
                Image(name, image.id, int(image.attrs["Size"]), image.labels or {})
                for image in found
                for name in image.tags
            ]
        return sorted(made, key=lambda image: image.name)

    def containers(self, label: str, *, measured: bool = False) -> list[dict[str, Any]]:
        """The containers that bear a label (`name` or `name=value`), with what each wrote (`SizeRw`) if measured."""
        client = self.client()
        with speaking("list containers"):
            return list(client.api.containers(all=True, size=measured, filters={"label": label}))

    def remove_containers(self, label: str) -> int:
        """End and remove the containers that bear a label, and say how many there were."""
        found = self.containers(label)
        for container in found:
            self.remove_container(container["Id"])
        return len(found)

    def remove_container(self, identity: str) -> None:
        """End and remove a container; one that is gone or going is removed already."""
        client = self.client()
        with speaking("remove a container"):
            try:
                client.api.remove_container(identity, force=True, v=True)
            except sdk_errors().NotFound:
                return
            except sdk_errors().APIError as error:
                if error.status_code != 409:  # somebody else removes it
                    raise

    def survives(self, container: str, seconds: float = 5.0) -> bool:
        """Whether a container goes on for a while, or has ended by using more memory than it may.

        What runs in one that is killed ends a moment before the engine says so of the container.
        """
        deadline = time.monotonic() + seconds
        while True:
            client = self.client()
            with speaking("look at a container"):
                state = client.api.inspect_container(container)["State"]
            if not state["Running"]:
                return bool(state.get("OOMKilled"))
            if time.monotonic() >= deadline:
                return True
            time.sleep(0.25)

    def layers_mb(self) -> int:
        """What the layers of all images take on the engine's disk."""
        client = self.client()
        with speaking("measure its images"):
            return int(client.df().get("LayersSize") or 0) // _MIB

    def free_mb(self) -> int | None:
        """What is free on the disk of the engine's layers; None where that disk is not this machine's."""
        client = self.client()
        if not str(client.api.base_url).startswith("http+docker://"):
            return None
        with speaking("say where it keeps its layers"):
            root = Path(client.info()["DockerRootDir"])
        try:
            return shutil.disk_usage(root).free // _MIB
        except OSError:
            return None

    def _connected(self) -> Any:
        with self._lock, speaking("answer"):
            if self._known is None:
                options = {"timeout": _CALL_SECONDS, "max_pool_size": _CONNECTIONS, "version": "auto"}
                docker = _docker()
                make: Callable[..., Any] = docker.DockerClient if self._host else docker.from_env
                self._known = make(**options | ({"base_url": self._host} if self._host else {}))
                weakref.finalize(self, self._known.close)
            self._known.ping()
            return self._known


@contextmanager
def speaking(purpose: str) -> Iterator[None]:
    """Make what the SDK raises a `SandboxError` that says what was wanted."""
    requests = importlib.import_module("requests")
    try:
        yield
    except (sdk_errors().DockerException, requests.RequestException, OSError) as error:
        said = " ".join(str(getattr(error, "explanation", None) or error).split())
        raise SandboxError(f"the Docker engine cannot {purpose}: {said[:500]}") from error


def _docker() -> Any:
    try:
        return importlib.import_module("docker")
    except ImportError as error:
        raise ConfigError("backend=docker needs the package docker, which is not installed") from error


def sdk_errors() -> Any:
    """The errors of the SDK.

    Raises:
        ConfigError: it is not installed.
    """
    _docker()
    return importlib.import_module("docker.errors")


def _end(said: list[str]) -> str:
    """The last lines of what was printed, without colours."""
    lines = [line.strip() for line in _COLOUR.sub("", "".join(said[-200:])).splitlines()]
    return " | ".join(line for line in lines[-12:] if line)[-1000:]
