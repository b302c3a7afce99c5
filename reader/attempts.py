"""A model's answers as attempts at a repair, and which of them is taken.

Knows when an answer is a repair and how repairs are ranked. Does not know how answers are drawn (`reader.search`), nor
how a repair is tried (`reader.evidence`).
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from cgm.artifacts import Edit, Issue, Patch, Sample, Usage
from cgm.errors import PatchError
from cgm.protocols import Answer
from cgm.store import fingerprint
from reader.context import Context
from reader.forms import EditForm
from reader.patch import apply_edits, meaning, normalize, require_code_change, unified_diff
from reader.proof import prove


@dataclass(frozen=True)
class Repair:
    """Edits that apply, cut down to the changed lines, the diff they make, and the changed texts by path.

    Repairs of equal `meaning` differ in comments and layout at most.
    """

    edits: tuple[Edit, ...]
    diff: str
    changed: dict[str, str]
    meaning: str


@dataclass(frozen=True)
class Attempt:
    """An answer with the repair it gives, or the error that it or its repair met.

    `passed` says that the repair passes the check, `broken` how many tests passed before it and do not pass after it.
    """

    answer: str
    repair: Repair | None
    error: str = ""
    passed: bool = False
    broken: int = 0

    @property
    def succeeded(self) -> bool:
        """Whether no better repair is to be had: the check passes, and no test breaks."""
        return self.passed and not self.broken


def make_repair(answer: Answer, form: EditForm, context: Context) -> Repair:
    """Turn an answer into a proven repair.

    Raises:
        PatchError: it is cut off or holds no edits, or they do not match, overlap, change nothing or break the syntax.
    """
    if answer.finish == "length" and form.open_ended:
        raise PatchError(f"the answer was cut off after {answer.completion_tokens} tokens: keep it shorter")
    texts = context.texts
    edits = form.read(answer.text, context)
    changed = apply_edits(texts, edits)
    for path, text in changed.items():
        require_code_change(texts.get(path, ""), text, path)
    diff = unified_diff(texts, edits)
    prove(diff, texts, changed)
    normal = tuple(edit for parts in normalize(texts, edits).values() for edit in parts)
    return Repair(normal, diff, changed, fingerprint({path: meaning(text, path) for path, text in changed.items()}))


def choose(attempts: Sequence[Attempt]) -> int | None:
    """Index of the attempt to take: one that passed, then of those that break the fewest tests a frequent one.

    Repairs that mean the same count together; of equally frequent ones the first is taken.
    """
    votes = Counter(attempt.repair.meaning for attempt in attempts if attempt.repair)
    ranked = [
        (not attempt.passed, attempt.broken, -votes[attempt.repair.meaning], index)
        for index, attempt in enumerate(attempts)
        if attempt.repair
    ]
    return min(ranked)[-1] if ranked else None


def best_patch(issue: Issue, model: str, attempts: Sequence[Attempt], usage: Usage) -> Patch:
    """The attempt that is taken as a patch, with all others as its samples; empty where none is a repair."""
    chosen = choose(attempts)
    samples = tuple(
        _sample(attempt, "chosen" if index == chosen else "applied") for index, attempt in enumerate(attempts)
    )
    attempt = Attempt("", None) if chosen is None else attempts[chosen]
    if attempt.repair is None:
        return Patch(issue.instance_id, model, "", (), samples, usage)
    repair = attempt.repair
    return Patch(issue.instance_id, model, repair.diff, repair.edits, samples, usage, passed=attempt.passed)


def _sample(attempt: Attempt, status: str) -> Sample:
    if attempt.repair is None:
        return Sample(attempt.answer, "refused", attempt.error)
    return Sample(attempt.answer, status, attempt.error, attempt.repair.diff)
