"""The images of a run's instances: found, pulled or built when they are needed, and removed when they take too much.

Knows which images this run brought, which are in use, and removes no other. Does not know how images are made
(`eval.docker.images`).
"""

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from cgm.errors import ConfigError, SandboxError, StorageError
from eval.docker.engine import Engine, Image
from eval.docker.images import ImageBuilder, image_name, published_name
from eval.swebench.backend import Row
from eval.swebench.specification import Specification

_TRIES = 3  # of a registry


class ImageStore:
    """Gives instances their images; `source` is present, pull or build, as in `DockerConfig`."""

    def __init__(
        self, engine: Engine, builder: ImageBuilder | None, *, source: str, namespace: str, layers_mb: int = 0
    ) -> None:
        self._engine, self._builder = engine, builder
        self._source, self._namespace, self._layers_mb = source, namespace, layers_mb
        self._lock, self._users = threading.Lock(), Counter[str]()
        self._brought: dict[str, None] = {}  # by this run, the longest unused first

    @contextmanager
    def holding(self, row: Row, spec: Specification | None) -> Iterator[Image]:
        """An instance's image, which stays at least as long as this.

        Raises:
            ConfigError: there is none, or it cannot be built here.
            RepositoryError: what it is built from is not there.
            SandboxError: it cannot be pulled or built.
            StorageError: there is no room for it.
        """
        names = [str(row["image"])] if row.get("image") else [image_name(row["instance_id"])]
        names += [] if row.get("image") else [published_name(row["instance_id"], self._namespace)]
        with self._lock:  # one at a time brings an image, since each may have to make room
            image = self._found(names, row, spec) or self._fetched(names, row, spec)
            self._users[image.name] += 1
        try:
            yield image
        finally:
            with self._lock:
                self._users[image.name] -= 1

    def _found(self, names: list[str], row: Row, spec: Specification | None) -> Image | None:
        if self._builder and self._source == "build" and spec is not None and not row.get("image"):
            found = self._builder.current(spec)
        else:
            found = next(filter(None, map(self._engine.image, names)), None)
        if found is not None and found.name in self._brought:
            self._brought[found.name] = self._brought.pop(found.name)
        return found

    def _fetched(self, names: list[str], row: Row, spec: Specification | None) -> Image:
        if self._source == "present":
            wanted = " or ".join(names)
            raise ConfigError(f"backend.images=present needs the image of {row['instance_id']}: {wanted} is not there")
        self._make_room()
        if self._source == "pull":
            image = self._pulled(names[-1])
        elif self._builder is None or spec is None:
            raise ConfigError(f"{row['instance_id']}: nothing says how its image is built")
        else:
            image = self._builder.get(spec)
        self._brought[image.name] = None
        return image

    def _pulled(self, name: str) -> Image:
        for left in reversed(range(_TRIES)):
            try:
                self._engine.pull(name)
                break
            except SandboxError:
                if not left:
                    raise
        image = self._engine.image(name)
        if image is None:
            raise SandboxError(f"the Docker engine pulled {name} and has it not")
        return image

    def _make_room(self) -> None:
        """Remove images that this run brought and nobody uses, until the rest takes no more than it may."""
        taken = self._engine.layers_mb() if self._layers_mb else 0
        for name in [name for name in self._brought if not self._users[name]]:
            if taken <= self._layers_mb:
                return
            self._engine.remove_image(name)
            del self._brought[name]
            taken = self._engine.layers_mb()
        if taken > self._layers_mb:
            raise StorageError(f"images must take at most {self._layers_mb} MiB (backend.layers_mb), they take {taken}")
