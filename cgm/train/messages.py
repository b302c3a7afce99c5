"""Commit messages as reports of what is to be done.

Knows what in a message is for git and for people's credit, and which messages say nothing of code. Does not know what
the commit changed.
"""

import re

_TRAILER = re.compile(
    r"^[ \t]*([A-Za-z-]+-(by|with)|Change-Id|Cc|Bug|Reviewers|Differential Revision|git-svn-id|X-[\w-]+):.*$"
    r"|^\(cherry picked from commit [0-9a-f]+\)$|^--HG--(\n.*)*",
    re.MULTILINE | re.IGNORECASE,
)
_REFERENCE = re.compile(
    r"^[ \t]*((fix|close|resolve|address|refs?|see|related to|part of)(e?[sd])?:?[ \t]*)?"
    r"(#\d+|https?://\S+)[.,;]?[ \t]*$",
    re.MULTILINE | re.IGNORECASE,
)
_NUMBER = re.compile(r"[ \t]*\((gh-|#)\d+\)[ \t]*$", re.MULTILINE | re.IGNORECASE)
_MAIL = re.compile(r"[\w.+-]+@[\w-]+(\.[\w-]+)+")
_ISSUE = re.compile(r"(?:\b(?:fix|close|resolve)(?:e?[sd])?:?\s+(?:issue\s+)?|\()#(\d{1,7})\b", re.IGNORECASE)
# how the messages of routine work begin, as patterns
_ROUTINE = r"""
    bump|release|prepare|versions?.(v?\d|bump)|merge\b|revert|backport|pin\b|sync\b|\[?automated|auto-?format|reformat
    update.(dependenc|pre-?commit|changelog|changes|authors|contributors|copyright|translations|release.notes)
    \[?pre-commit|upgrade.\S+.(to|from)\b|chore|build\(deps|deps:|(tests?|docs?|ci|style)(\([\w.-]+\))?:|formatting
    back.to.development|start.(development|version)|happy.new.year|v?\d+\.\d+|lint|whitespace|typos?|fix(ed)?.(a.)?typos?
    pep.?8|flake8|clean.?up|(run|apply|use|fix|reformat.with).(black|isort|ruff|pyupgrade|flake8|automatic)|dodge
    wip\b|fixup!|squash!|oops|more\b|(address.)?review.(comments|feedback|changes)
    """
_AUTOMATIC = re.compile("|".join(_ROUTINE.split()), re.IGNORECASE)
_FILE_UPDATE = re.compile(r"(update|create|delete|add|fix)\s+\S+\.\w{1,5}", re.IGNORECASE)
_WORD = re.compile(r"[A-Za-z]{2,}")
_LEAST_WORDS = 5
_LONGEST = 4000  # characters


def report_of(message: str) -> tuple[str, str]:
    """The report that a commit's message amounts to, and why there is none: one of the two is empty."""
    text = message.replace("\r\n", "\n").strip()
    if _AUTOMATIC.match(_without_prefix(text)):
        return "", "a message of routine work"
    for pattern in (_TRAILER, _REFERENCE, _NUMBER):
        text = pattern.sub("", text)
    text = re.sub(r"\n{3,}", "\n\n", _MAIL.sub("<email>", _said_once(text))).strip()
    if len(set(map(str.lower, _WORD.findall(text)))) < _LEAST_WORDS:
        return "", "a message of few words"
    if len(text) > _LONGEST:
        return "", "a message that is too long"
    return text, ""


def issues_named(message: str) -> tuple[int, ...]:
    """The numbers of the issues that a message says it resolves, in order, each once."""
    return tuple(dict.fromkeys(int(number) for number in _ISSUE.findall(message)))


def _said_once(text: str) -> str:
    """A message without what merged pull requests list of their commits: its first line again, and routine work."""
    first, *rest = text.strip().split("\n")
    kept = (line for line in rest if not (line.startswith("* ") and _adds_nothing(line[2:].strip(), first.strip())))
    return "\n".join([first, *kept])


def _adds_nothing(item: str, first: str) -> bool:
    return item == first or _AUTOMATIC.match(item) is not None or _FILE_UPDATE.fullmatch(item) is not None


def _without_prefix(text: str) -> str:
    """A message without emoji, brackets and ticket numbers before its first word."""
    return re.sub(r"^(\[[^\]]*\]|:\w+:|[^\w\[(]+|#?\d+[:\s-]+)+", "", text) or text
