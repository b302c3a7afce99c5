"""Counting what is spent: memory, seconds of each stage, and calls, tokens and cost of a language model.

Knows no stage by name and no model.
"""

import resource
import sys
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from cgm.artifacts import Usage
from cgm.protocols import LLM, Answer, AnswerForm, Message, Sampling

_MIB = 1 << 20


def peak_mib() -> float:
    """The most memory that this process has held, in MiB."""
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / _MIB


class Clock:
    """Seconds spent in each stage; a stage entered from within another is not charged to the outer one."""

    def __init__(self) -> None:
        self.seconds: defaultdict[str, float] = defaultdict(float)
        self._running: list[str] = []
        self._since = time.perf_counter()

    @property
    def current(self) -> str:
        """The innermost stage that is running, or in which a failure was met."""
        return self._running[-1] if self._running else ""

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Charge the time within to `name`. A failure leaves `name` as the current stage."""
        self.lap()
        self._running.append(name)
        yield
        self.lap()
        self._running.pop()

    def lap(self) -> None:
        """Charge the time since the last lap to the current stage."""
        now = time.perf_counter()
        if self._running:
            self.seconds[self._running[-1]] += now - self._since
        self._since = now


class MeteredLLM:
    """A language model that counts what it is asked; a cached answer costs nothing again."""

    def __init__(self, llm: LLM) -> None:
        self._llm = llm
        self._spent = Usage()

    @property
    def name(self) -> str:
        """The identity of the model within."""
        return self._llm.name

    @property
    def graph_nodes(self) -> int:
        """The nodes of a graph that the model within reads."""
        return self._llm.graph_nodes

    def generate(
        self, messages: Sequence[Message], sampling: Sampling, form: AnswerForm | None = None
    ) -> Sequence[Answer]:
        """Ask the model within. Raises as it does."""
        answers = self._llm.generate(messages, sampling, form)
        self._spent += Usage(calls=1, cached_calls=int(any(answer.cached for answer in answers)))
        for answer in answers:
            cost = 0.0 if answer.cached else answer.cost
            self._spent += Usage(0, 0, answer.prompt_tokens, answer.completion_tokens, cost)
        return answers

    def take(self) -> Usage:
        """What was spent since the last time this was asked."""
        spent, self._spent = self._spent, Usage()
        return spent
