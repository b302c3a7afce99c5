"""The opening of a README: its first section of prose.

Knows Markdown and reStructuredText as far as headings, badges and directives go. Does not render either.
"""

import re
from collections.abc import Iterator, Sequence

_UNDERLINE = re.compile(r"([=*~#^\"'`+-])\1{2,}[ \t]*$")
_HEADING = re.compile(r"#{1,6}\s|<h[1-6]", re.IGNORECASE)
# badges, images, tags, directives with their options, link targets, tables and rules
_NO_PROSE = re.compile(r"> |\[?!\[|</?\w|<!--|-->|\.\. |:\w[\w-]*:|\[[^\]]+\]:|\||[-*_]{3,}\s*$|\s+:\w+:")
_LEAST = 40  # characters of a paragraph that is more than a line between two pieces of code
_ITEM = re.compile(r"\s*([-*+]|\d+[.)])\s")
_ELSEWHERE = re.compile(r"sponsor|donat|pip install|read the doc|^\W*(documentation|source code)\W*:", re.IGNORECASE)
_TAG = re.compile(r"</?[a-zA-Z][^>\n]*>|<!--.*?-->|!\[[^\]]*\]\([^)]*\)")


def opening(readme: str, least: int) -> str:
    """The prose of the first section with at least so many characters; empty where there is none."""
    sections = _sections(readme.replace("\r\n", "\n").split("\n"))
    return next((text for lines in sections if len(text := _prose(lines)) >= least), "")


def _sections(lines: Sequence[str]) -> Iterator[list[str]]:
    """The lines between headings, code left out."""
    section: list[str] = []
    code = False
    for at, line in enumerate(lines):
        fence = line.lstrip().startswith(("```", "~~~"))
        code ^= fence
        if code or fence:
            continue
        if _is_heading(lines, at):
            yield section
            section = []
        elif not (_UNDERLINE.match(line) and line.strip()):
            section.append(line)
    yield section


def _is_heading(lines: Sequence[str], at: int) -> bool:
    line = lines[at]
    below = lines[at + 1] if at + 1 < len(lines) else ""
    underlined = bool(_UNDERLINE.match(below)) and len(below.strip()) >= len(line.strip()) > 0
    return bool(_HEADING.match(line)) or (underlined and not _UNDERLINE.match(line))


def _prose(lines: Sequence[str]) -> str:
    """The lines of prose; what belongs to a directive is indented below it."""
    kept: list[str] = []
    directive = False
    for line in lines:
        directive = line.startswith(".. ") or (directive and (not line.strip() or line[0] in " \t"))
        if not directive and not _NO_PROSE.match(line):
            kept.append(_TAG.sub("", line).rstrip())
    parts = [part.strip("\n") for part in re.split(r"\n{2,}", "\n".join(kept)) if part.strip()]
    return "\n\n".join(part for part, after in zip(parts, [*parts[1:], ""], strict=False) if _says(part, after)).strip()


def _says(part: str, after: str) -> bool:
    """Whether a paragraph says something without the code or links that it leads to."""
    introduces = part.rstrip().endswith((":", "...")) and not _ITEM.match(after)
    is_long = len(part) >= _LEAST or bool(_ITEM.match(after)) or bool(_ITEM.match(part))
    return is_long and not introduces and not _ELSEWHERE.search(part)
