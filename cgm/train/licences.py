"""Which licence a repository's own licence file is, by the words that only it has.

Does not judge what a licence allows. Source of the identifiers: SPDX.
"""

import re
from collections.abc import Iterable, Mapping

_FILE = re.compile(r"(un)?licen[sc]e|copying", re.IGNORECASE)
_SPACE = re.compile(r"\s+")
# the first whose phrases are all there; those that others contain come later
_PHRASES = (
    ("AGPL-3.0", ("gnu affero general public license",)),
    ("LGPL-3.0", ("gnu lesser general public license", "version 3")),
    ("LGPL-2.1", ("gnu lesser general public license", "version 2.1")),
    ("GPL-3.0", ("gnu general public license", "version 3, 29 june 2007")),
    ("GPL-2.0", ("gnu general public license", "version 2, june 1991")),
    ("Apache-2.0", ("apache license", "version 2.0")),
    ("MPL-2.0", ("mozilla public license", "2.0")),
    ("PSF-2.0", ("python software foundation license",)),
    ("Unlicense", ("free and unencumbered software released into the public domain",)),
    ("BSD-3-Clause", ("redistribution and use in source and binary forms", "to endorse or promote products derived")),
    ("BSD-2-Clause", ("redistribution and use in source and binary forms", "reproduce the above copyright notice")),
    ("ISC", ("permission to use, copy, modify, and/or distribute this software for any purpose",)),
    ("MIT", ("permission is hereby granted, free of charge", "without restriction")),
)


def licence_files(paths: Iterable[str]) -> list[str]:
    """The files at a repository's root that hold its licence, by their names, sorted."""
    return sorted(path for path in paths if "/" not in path and _FILE.match(path))


def name_licence(texts: Mapping[str, str]) -> str:
    """The licences that files hold, as an SPDX expression; `OR` where there are several, empty where none is known."""
    names = [_named(text) for _, text in sorted(texts.items())]
    return " OR ".join(dict.fromkeys(name for name in names if name))


def _named(text: str) -> str:
    words = _SPACE.sub(" ", text).lower()
    return next((name for name, phrases in _PHRASES if all(phrase in words for phrase in phrases)), "")
