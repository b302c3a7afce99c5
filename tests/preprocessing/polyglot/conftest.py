from collections.abc import Callable, Mapping

import pytest

from preprocessing.languages import BY_NAME
from preprocessing.parse import Reading
from preprocessing.polyglot.import_rules import open_origins
from preprocessing.polyglot.registry import Registry
from preprocessing.polyglot.symbols import Symbols
from preprocessing.tree import build_tree


@pytest.fixture
def symbols() -> Callable[[Mapping[str, str]], Symbols]:
    """The names of files of one language, which are in the order of their paths."""
    reading = Reading(10.0, 4096, (), skip_generated=True, max_mean_line_bytes=0)

    def read(files: Mapping[str, str]) -> Symbols:
        paths = sorted(files)
        facts = [reading.read(path, files[path].encode()) for path in paths]
        numbers = [number for number, one in enumerate(facts) if one.language in BY_NAME]
        origins = open_origins(BY_NAME[facts[numbers[0]].language].imports, paths, facts, numbers)
        return Symbols(Registry(build_tree("shop", paths, facts), facts, numbers, origins), origins)

    return read


@pytest.fixture
def registry(symbols: Callable[[Mapping[str, str]], Symbols]) -> Callable[[Mapping[str, str]], Registry]:
    """What files define, with those that stand elsewhere brought home."""
    return lambda files: symbols(files).registry
