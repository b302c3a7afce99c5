"""Arguments of the command line as a person types them, put so that Hydra takes them for what they are.

Knows which settings are paths and revisions, and how Hydra's grammar quotes. Does not know what any of them is for.
"""

import re
from collections.abc import Sequence
from pathlib import Path

# Hydra would split these at a comma, refuse spaces and quotes, and read the revision 12e4567 as a number
PATHS = ("repo", "issue", "dataset", "repos", "ids", "gold", "check", "record", "table", "cache_dir")  # of `RunConfig`
_EVALUATED = ("predictions", "exclude", "run", "leaderboard")  # paths of `cgm-eval`
_TRAINED = ("data", "start", "model.lm.path", "model.encoder.path")  # paths of `cgm-train`
_EXPANDED = (*PATHS, *_EVALUATED, *_TRAINED, "issues", "run_dir", "llm.path", "llm.folder")
_VERBATIM = (*_EXPANDED, "commit", "page.around", "llm.base_url", "embedder.base_url")
_ARGUMENT = re.compile(rf"(\+{{0,2}})({'|'.join(map(re.escape, _VERBATIM))})=(.+)", re.DOTALL)
_QUOTED = re.compile(r"""'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*\"""", re.DOTALL)


def quote_arguments(arguments: Sequence[str]) -> list[str]:
    """Quote every value that is a path or a revision, unless the user has quoted it for Hydra, and expand its `~`.

    `${...}` keeps its meaning, so `run_dir=runs/${now:%H}` works. A comma does not begin another value of a multirun.
    """
    return [_quote_argument(argument) for argument in arguments]


def _quote_argument(argument: str) -> str:
    match = _ARGUMENT.fullmatch(argument)
    if not match or _QUOTED.fullmatch(match[3]):
        return argument
    return f"{match[1]}{match[2]}={quoted(expanded(match[3]) if match[2] in _EXPANDED else match[3])}"


def expanded(path: str) -> str:
    """A path with the home folder for `~`, as not every shell expands it after an equals sign."""
    if not path.startswith("~"):
        return path
    try:
        return str(Path(path).expanduser())
    except RuntimeError:  # no such user: a name that happens to begin with a tilde
        return path


def quoted(text: str) -> str:
    """A text as a single-quoted string of Hydra's grammar, where backslashes are plain except before a quote."""
    escaped = re.sub(r"(\\*)'", lambda match: match[1] * 2 + r"\'", text)
    return "'" + re.sub(r"\\+\Z", lambda match: match[0] * 2, escaped) + "'"
