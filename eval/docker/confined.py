"""The Docker client that the harness is handed: every container that it makes through it is confined.

Knows which calls of the client the harness makes, adds our limits to them, and notes whether the tests came to an end.
What containers answer is bounded and made valid UTF-8, since the harness decodes it strictly. Does not know the limits
(`eval.docker.containers`) nor the harness.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from typing import Any

from cgm.errors import SandboxError
from eval.docker.engine import sdk_errors

_CUT = b"\n[the output was cut off here]\n"


class ConfinedClient:
    """Stands where a `docker.DockerClient` is expected; `options` are set on every container, whatever was asked.

    `ended` becomes true when a program whose output was followed, the tests, has ended by itself: what fails
    afterwards says nothing about the machine. `survives` says whether a container goes on, `remove` removes one.
    """

    def __init__(
        self,
        client: Any,
        options: Mapping[str, Any],
        *,
        output_bytes: int,
        survives: Callable[[str], bool],
        remove: Callable[[str], object],
    ) -> None:
        self._client, self._options, self._survives, self._remove = client, options, survives, remove
        self.api = _BoundedApi(client.api, output_bytes, self._note_end)
        self.ended = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    @property
    def containers(self) -> "ConfinedClient":
        """The collection of containers, of which the harness uses `get` and `create`."""
        return self

    def get(self, name: str) -> Any:
        """A container by its name."""
        return self._client.containers.get(name)

    def create(self, **asked: Any) -> Any:
        """Make a container under our limits, which answers through the bounded interface."""
        container = self._client.containers.create(**asked | dict(self._options))
        container.client = self
        return container

    def discard(self, container: Any) -> None:
        """Remove a container that the harness is done with, if it got one; what resists is removed after the run."""
        if container is not None:
            with suppress(SandboxError):
                self._remove(container.id)

    def _note_end(self, container: str, code: int | None) -> None:
        self.ended = code == 0 or self._survives(container)


class _BoundedApi:
    """The low-level interface, less what a program in a container could do to its reader."""

    def __init__(self, api: Any, limit: int, ended: Callable[[str, int | None], None]) -> None:
        self._api, self._limit, self._ended = api, limit, ended

    def __getattr__(self, name: str) -> Any:
        return getattr(self._api, name)

    def exec_start(self, exec_id: str, **asked: Any) -> Any:
        """Start a program in a container: its output in pieces if `stream` is set, whole otherwise."""
        if asked.get("detach"):
            # the harness ends tests that hang by a number that means nothing in there, with a program that a repair
            # may have removed, and fails where that fails; it removes the container next
            return b""
        pieces = self._read(self._api.exec_start(exec_id, **asked | {"stream": True}))
        if asked.get("stream"):
            return self._followed(pieces, exec_id)
        return b"".join(pieces).decode("utf-8", "replace").encode()

    def _read(self, stream: Any) -> Iterator[bytes]:
        try:
            yield from bounded(stream, self._limit)
        finally:
            # the SDK leaves the connection open, which by now may be gone, and cannot close one over SSH
            with suppress(OSError, sdk_errors().DockerException):
                stream.close()

    def _followed(self, pieces: Iterator[bytes], exec_id: str) -> Iterator[bytes]:
        yield from pieces
        # an engine that was started again meanwhile no longer knows the program, and raises
        found = self._api.exec_inspect(exec_id)
        self._ended(found["ContainerID"], found["ExitCode"])


def bounded(pieces: Iterator[bytes], limit: int) -> Iterator[bytes]:
    """Pass on pieces up to a number of bytes, in blocks that grow, since the harness appends each to all before."""
    total, waiting = 0, bytearray()
    for piece in pieces:
        waiting += piece
        if total + len(waiting) > limit:
            yield bytes(waiting[: limit - total]) + _CUT
            return
        if len(waiting) * 16 >= total:
            total += len(waiting)
            yield bytes(waiting)
            waiting.clear()
    yield bytes(waiting)
