"""Edits worded as the answer that a model would have to give for them: search/replace blocks.

Knows how little may be quoted. The inverse of `reader.answer` and `reader.locate`: what it words was read back by them
and gave the same texts.
"""

from collections.abc import Iterable, Mapping, Sequence

from cgm.artifacts import Edit
from cgm.errors import PatchError
from cgm.text import split_lines
from reader.answer import read_blocks
from reader.context import Context, Snippet
from reader.locate import Block, locate
from reader.patch import apply_edits, normalize

_AROUND = 2  # unchanged lines quoted on each side of a change
_MOST_AROUND = 12


def word_edits(edits: Iterable[Edit], context: Context) -> str:
    """Word edits of the lines shown as search/replace blocks, files in order of path.

    Raises:
        PatchError: a changed line or its neighbours are not shown, no few lines around it stand at one place only, or
            the blocks do not give the same texts when they are read back.
    """
    normal = normalize(context.texts, edits)
    snippets = {snippet.path: snippet for snippet in context.snippets}
    blocks = [
        _worded(snippets[path], group, context)
        for path, changes in normal.items()
        for group in _groups(_known(path, changes, snippets))
    ]
    answer = "\n".join(map(_printed, blocks))
    wanted = apply_edits(context.texts, [edit for changes in normal.values() for edit in changes])
    found = [locate(block, context.texts, context.shown) for block in read_blocks(answer)]
    if apply_edits(context.texts, found) != wanted:
        raise PatchError("the blocks do not give the same texts when they are read back")
    return answer


def _known(path: str, changes: Sequence[Edit], snippets: Mapping[str, Snippet]) -> Sequence[Edit]:
    if path not in snippets:
        raise PatchError(f"{path} is not shown")
    return changes


def _groups(changes: Sequence[Edit]) -> list[list[Edit]]:
    """Changes so close that the lines quoted around them would meet."""
    groups: list[list[Edit]] = []
    for edit in changes:
        if groups and edit.start - groups[-1][-1].end - 1 <= 2 * _AROUND:
            groups[-1].append(edit)
        else:
            groups.append([edit])
    return groups


def _worded(snippet: Snippet, group: Sequence[Edit], context: Context) -> Block:
    """The block of a group that quotes least and stands at one place only."""
    lines = split_lines(snippet.text)
    first, last = group[0].start, max(group[-1].end, group[-1].start - 1)
    low, high = _span(snippet, first, last)
    for around in range(_AROUND, _MOST_AROUND + 1):
        start, end = max(low, first - around), min(high, last + around)
        block = Block(snippet.path, "".join(lines[start - 1 : end]), _replaced(lines, group, start, end))
        if _leads_to(block, context, start, end):
            return block
    raise PatchError(f"no few lines of {snippet.path} around line {first} stand at one place only")


def _span(snippet: Snippet, first: int, last: int) -> tuple[int, int]:
    """The lines that are shown together with some; an insertion has at least one of its neighbours shown."""
    edge = (first, last) if last >= first else (first - 1, first)
    for start, end in snippet.spans:
        if (start <= edge[0] and edge[1] <= end) or (last < first and (start == first or end == last)):
            return start, end
    raise PatchError(f"line {first} of {snippet.path} is not shown")


def _replaced(lines: Sequence[str], group: Sequence[Edit], start: int, end: int) -> str:
    parts, at = [], start
    for edit in group:
        parts += [*lines[at - 1 : edit.start - 1], edit.replacement]
        at = edit.end + 1
    return "".join([*parts, *lines[at - 1 : end]])


def _leads_to(block: Block, context: Context, start: int, end: int) -> bool:
    if not block.search.strip():
        return False
    try:
        edit = locate(block, context.texts, context.shown)
    except PatchError:
        return False
    return (edit.path, edit.start, edit.end) == (block.path, start, end)


def _printed(block: Block) -> str:
    search, replacement = (
        text if not text or text.endswith("\n") else text + "\n" for text in (block.search, block.replacement)
    )
    return f"{block.path}\n<<<<<<< SEARCH\n{search}=======\n{replacement}>>>>>>> REPLACE\n"
