"""The name that a project's manifest gives its folder: package.json, go.mod, Cargo.toml.

Knows their few lines that matter to imports. Does not know what is imported.
"""

import json
import re
import tomllib

from preprocessing.facts import DECLARES, MODULE, Clause

_GO_MODULE = re.compile(r"^\s*module\s+\"?([^\s\"]+)", re.MULTILINE)
_LONGEST = 1 << 20


def is_manifest(path: str) -> bool:
    """Whether a file may name its folder."""
    return path.rpartition("/")[2] in _READERS


def declared(path: str, source: bytes) -> tuple[Clause, ...]:
    """The name that a manifest declares for its folder; nothing where it is damaged or has none."""
    read = _READERS[path.rpartition("/")[2]]
    try:
        name, entry = read(source[:_LONGEST].decode("utf-8", "replace"))
    except (ValueError, RecursionError):
        return ()
    return (Clause(DECLARES, MODULE, entry, name, 1),) if name else ()


def _package_json(text: str) -> tuple[str, str]:
    document = json.loads(text)
    if not isinstance(document, dict):
        return "", ""
    name, entry = document.get("name"), document.get("main")
    return (name if isinstance(name, str) else "", entry if isinstance(entry, str) else "")


def _go_mod(text: str) -> tuple[str, str]:
    found = _GO_MODULE.search(text)
    return (found[1] if found else ""), ""


def _cargo_toml(text: str) -> tuple[str, str]:
    package = tomllib.loads(text).get("package")
    name = package.get("name") if isinstance(package, dict) else None
    return (name.replace("-", "_") if isinstance(name, str) else ""), ""


_READERS = {"package.json": _package_json, "go.mod": _go_mod, "Cargo.toml": _cargo_toml}
