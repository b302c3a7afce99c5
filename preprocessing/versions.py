"""Digests of the code that decides what is cached.

Knows where the modules of this package lie. Does not know what they do.
"""

from functools import cache
from importlib import resources

from cgm.store import fingerprint


@cache
def code_version(*places: str) -> str:
    """A digest of modules (`facts`) and of all modules of folders (`python/`) below `preprocessing`."""
    root = resources.files("preprocessing")
    modules = [root.joinpath(f"{place}.py") for place in places if not place.endswith("/")]
    folders = [root.joinpath(place.rstrip("/")) for place in places if place.endswith("/")]
    modules += [one for folder in folders for one in folder.iterdir() if one.name.endswith(".py")]
    return fingerprint(sorted((module.name, module.read_text(encoding="utf-8")) for module in modules))
