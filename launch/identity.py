"""What a stage's output depends on besides its inputs: its option, settings and code, and those of its services.

Knows how these become the JSON-ready part of a fingerprint. Does not know what the outputs are.
"""

import hashlib
from collections.abc import Iterator, Mapping
from functools import lru_cache
from importlib import metadata, resources
from importlib.resources.abc import Traversable
from typing import Any

from cgm.store import fingerprint
from launch.schema import Choice, wanted_services
from preprocessing.languages import LANGUAGES

FLOOR = "cgm"
_GRAMMARS = tuple(dict.fromkeys(language.distribution for language in LANGUAGES))
_LIBRARIES = ("tree-sitter", *_GRAMMARS, "scikit-learn", "scipy", "numpy", "faiss-cpu", "rapidfuzz")
# settings of language models that change what an answer takes, never what it says
_INCIDENTAL = ("timeout", "retries", "prompt_price", "completion_price", "key_variable", "folder", "cache_gib")


def stage_identity(choice: Choice, services: Mapping[str, Any]) -> list[Any]:
    """The identity of an option with the services that it asks for; `services` holds theirs, by name."""
    wanted = {name: services[name] for name in wanted_services(choice.option) if name in services}
    return [*option_identity(choice), wanted]


def option_identity(choice: Choice) -> list[Any]:
    """The identity of an option by itself: name, settings, its package's code and the floor's, and the libraries.

    A stage's package counts with all below it, the floor without: what is below it is no stage's floor.
    """
    package = choice.option.target.partition(":")[0].rpartition(".")[0]
    own = () if package in ("", FLOOR) else _with_subpackages(package)
    code = [code_version(name) for name in sorted({FLOOR, *own})]
    return [choice.identity(), code, library_versions()]


def answers_identity(choice: Choice) -> str:
    """A digest of a language model's option and the settings that shape its answers."""
    settings = {name: value for name, value in choice.identity()["config"].items() if name not in _INCIDENTAL}
    return fingerprint(choice.option.name, settings)


@lru_cache
def library_versions() -> dict[str, str]:
    """The versions of the libraries that shape outputs; empty for one that another distribution provides."""
    return {name: _version(name) for name in _LIBRARIES}


def _version(distribution: str) -> str:
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return ""


def _with_subpackages(package: str) -> Iterator[str]:
    yield package
    for item in resources.files(package).iterdir():
        if item.joinpath("__init__.py").is_file():
            yield from _with_subpackages(f"{package}.{item.name}")


@lru_cache
def code_version(package: str) -> str:
    """A digest of a package's own source and data files, those of its subpackages left out."""
    digest = hashlib.sha256()
    for path, item in sorted(_files(resources.files(package), ""), key=lambda pair: pair[0]):
        digest.update(f"{path}\0".encode() + hashlib.sha256(item.read_bytes()).digest())
    return digest.hexdigest()[:32]


def _files(folder: Traversable, prefix: str) -> Iterator[tuple[str, Traversable]]:
    for item in folder.iterdir():
        if item.is_file():
            yield prefix + item.name, item
        elif item.name != "__pycache__" and not item.joinpath("__init__.py").is_file():
            yield from _files(item, f"{prefix}{item.name}/")
