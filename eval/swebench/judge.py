"""One instance's way to its verdict: the diff screened, the cache asked, the tests run, infrastructure tried again.

Knows what a verdict depends on. Does not know how tests are run (`eval.swebench.backend`), nor how many instances there
are.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from cgm.artifacts import Verdict
from cgm.errors import CgmError, SandboxError, StorageError
from cgm.store import StageCache, fingerprint, read_bytes, write_text
from eval.swebench.backend import Backend, Row
from eval.swebench.untrusted import Screened, TrustConfig, screen, touched_files

_STAGE = "eval"
_MESSAGE = 2000  # characters kept of what went wrong


@dataclass(frozen=True)
class Case:
    """What is to be judged: an instance and the diff that is proposed for it.

    `diff` is None where there is no prediction; `unread` says why one was not even read. `base` asks for the base
    commit as it is. `turn` tells repetitions apart, so that each runs its tests.
    """

    row: Row
    diff: str | None
    base: bool = False
    unread: str = ""
    turn: int = 0

    @property
    def name(self) -> str:
        """The instance."""
        return str(self.row["instance_id"])

    @property
    def title(self) -> str:
        """The instance, and which of its cases this is."""
        marks = ["base"] * self.base + [str(self.turn)] * bool(self.turn)
        return ".".join([self.name, *marks])


@dataclass(frozen=True)
class Judged:
    """A verdict, what was graded, what the tests printed, and the kind of error where they could not be run."""

    case: Case
    verdict: Verdict
    diff: str = ""
    log: str = ""
    cached: bool = False
    error: str = ""


class Judge:
    """Gives every case a verdict.

    `identity` is what verdicts depend on besides the case and what the backend says of it: settings and code. A case
    that the infrastructure fails is tried `retries` times more, `pause(attempt)` apart, and never kept.
    """

    def __init__(
        self,
        backend: Backend,
        *,
        cache: StageCache,
        identity: Any,
        trust: TrustConfig,
        retries: int = 0,
        pause: Callable[[int], None] = lambda _: None,
    ) -> None:
        self._backend, self._cache, self._identity = backend, cache, identity
        self._trust, self._retries, self._pause = trust, retries, pause

    def judge(self, case: Case) -> Judged:
        """Judge a case, however badly it goes; an error of ours is a verdict of `infrastructure`."""
        try:
            screened = self._screen(case)
            if screened.outcome:
                return Judged(case, self._verdict(case, screened.outcome, screened.message))
            key = self._key(case, screened)
            judged = self._kept(case, key) or self._tried(case, screened.diff, key)
        except CgmError as error:
            return self._failed(case, error)
        message = "; ".join(filter(None, (screened.message, judged.verdict.message)))
        return replace(
            judged, diff=screened.diff, verdict=replace(judged.verdict, patch=screened.hash, message=message)
        )

    def _screen(self, case: Case) -> Screened:
        if case.base:
            return Screened("")
        if case.unread:
            return Screened("refused", message=case.unread)
        if not (case.diff or "").strip():
            return Screened("empty", message="no prediction" if case.diff is None else "the patch is empty")
        tests = touched_files(case.row["test_patch"])
        return screen(case.diff or "", self._trust, tests=tests, links=self._backend.links(case.row))

    def _key(self, case: Case, screened: Screened) -> str:
        asked = self._backend.identity(case.row)
        return fingerprint(_STAGE, self._identity, asked, dict(case.row), screened.hash, case.turn)

    def _kept(self, case: Case, key: str) -> Judged | None:
        found = self._cache.load(_STAGE, key, Verdict)
        if found is None:
            return None
        try:
            log = read_bytes(self._cache.path(_STAGE, key, ".log")).decode("utf-8", "replace")
        except StorageError:
            return None
        return Judged(case, found[0], log=log, cached=True)

    def _tried(self, case: Case, diff: str, key: str) -> Judged:
        for attempt in range(1, self._retries + 2):
            judged = self._attempt(case, diff)
            judged = replace(judged, verdict=replace(judged.verdict, attempts=attempt))
            if judged.verdict.outcome != "infrastructure":
                self._keep(key, judged)
                break
            if attempt <= self._retries:
                self._pause(attempt)
        return judged

    def _attempt(self, case: Case, diff: str) -> Judged:
        try:
            trial = self._backend.run(case.row, diff)
        except (SandboxError, StorageError) as error:  # what may go better the next time
            return self._failed(case, error)
        failed = SandboxError.__name__ if trial.verdict.outcome == "infrastructure" else ""
        return Judged(case, trial.verdict, log=trial.log, error=failed)

    def _keep(self, key: str, judged: Judged) -> None:
        """Keep a verdict, the log first, since a verdict without one counts as absent."""
        write_text(self._cache.path(_STAGE, key, ".log"), judged.log)
        self._cache.save(_STAGE, key, judged.verdict, {})

    def _verdict(self, case: Case, outcome: str, message: str) -> Verdict:
        return Verdict(case.name, outcome, backend=self._backend.name, message=message[:_MESSAGE])

    def _failed(self, case: Case, error: CgmError) -> Judged:
        message = " ".join(str(error).split())
        return Judged(case, self._verdict(case, "infrastructure", message), error=type(error).__name__)
