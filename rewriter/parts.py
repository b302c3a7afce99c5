"""The parts of an issue: title, prose, code blocks, tracebacks; comments and environment reports set aside.

Knows how people lay out issues in Markdown and reStructuredText. Does not know what the parts name
(`rewriter.entities`). One pass over the lines, so that a text of any size takes time in proportion to its length.
"""

import re
from dataclasses import dataclass, field

MAX_LINE = 2000  # a longer line is data, not text; its head says what it is

_FENCE = re.compile(r"\s*(```|~~~)")
_HEADING = re.compile(r"\s*(#{1,6}\s+\S|\*\*[^*]{1,80}\*\*:?\s*$)")
_ENVIRONMENT = re.compile(
    r"\s*(#{1,6}|\*\*|<summary>|-)?\s*`*(output of\b.*show_versions|installed versions|.{0,20}\bversions?\b.{0,14}$|"
    r".{0,16}\benvironment\b.{0,20}$|system (info|details|information)|operating system)",
    re.IGNORECASE,
)
_TRACEBACK = re.compile(r"\s*(>>>\s*)?Traceback \(most recent call last\)")
_RAISED = re.compile(r"[A-Za-z_][\w.]*(Error|Exception|Warning|Exit|Interrupt|Failure|Fault|NotFound|DoesNotExist)\b")
_FRAME = re.compile(r'\s*File "')
_CODE_LINE = re.compile(
    r"(\s*(>>>|\.\.\.|In \[\d+\]:)(\s|$)|    \S|\t\s*\S|\s*(import|from) [\w.]+( import .*)?$|\s*(def|class) \w+.*:$|"
    r"\s*@\w[\w.]*(\(.*\))?$|\s*[\w.\[\]'\"]{1,60} = \S|\s*[\w.]{1,60}\(.*\)$)"
)


@dataclass
class Parts:
    """An issue taken apart; every list holds lines in the order of the text."""

    title: str = ""
    prose: list[str] = field(default_factory=list)
    code: list[str] = field(default_factory=list)
    trace: list[str] = field(default_factory=list)
    environment: list[str] = field(default_factory=list)


def split_issue(text: str) -> Parts:
    """Take an issue apart; every line that is not a comment goes to exactly one part."""
    lines = [line[:MAX_LINE] for line in without_comments(text).splitlines()]
    parts = Parts()
    splitter = _Splitter(parts)
    for line in lines:
        if not parts.title and line.strip():
            parts.title = line.strip().lstrip("# ").strip()
        else:
            splitter.take(line)
    return parts


def without_comments(text: str) -> str:
    """Cut HTML comments, which hold the tracker's instructions and not the reporter's words."""
    kept: list[str] = []
    position = 0
    while (start := text.find("<!--", position)) >= 0:
        end = text.find("-->", start)
        if end < 0:
            break
        kept.append(text[position:start])
        position = end + 3
    kept.append(text[position:])
    return "".join(kept)


class _Splitter:
    """Decides line by line which part it is in."""

    def __init__(self, parts: Parts) -> None:
        self.parts = parts
        self.fenced = False
        self.tracing = False
        self.environment = False

    def take(self, line: str) -> None:
        if _FENCE.match(line):
            self.fenced = not self.fenced
            self.tracing = False
            return
        self._follow_sections(line)
        self._part_of(line).append(line)

    def _follow_sections(self, line: str) -> None:
        if self.fenced:
            return
        if _ENVIRONMENT.match(line) and len(line) < 80:
            self.environment = True
        elif _HEADING.match(line):
            self.environment = False

    def _part_of(self, line: str) -> list[str]:
        if _TRACEBACK.match(line) or _FRAME.match(line):
            self.tracing = True
        if self.tracing:
            self.tracing = not (_RAISED.match(line.lstrip()) or (not line.strip() and not self.fenced))
            return self.parts.trace
        if self.environment:
            return self.parts.environment
        if self.fenced or _CODE_LINE.match(line):
            return self.parts.code
        return self.parts.prose
