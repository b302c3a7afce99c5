"""What a model answers to the Extractor and the Inferer, read strictly but forgivingly.

Knows the two JSON forms. Accepts them bare, inside a code fence or inside chatter; refuses an answer of the other form.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from cgm.artifacts import Entity
from cgm.errors import AnswerError
from cgm.protocols import AnswerForm

_MAX_ITEM = 200
_STRINGS = {"type": "array", "items": {"type": "string", "maxLength": _MAX_ITEM}, "maxItems": 20}


def _object(*names: str) -> AnswerForm:
    schema = {
        "type": "object",
        "properties": dict.fromkeys(names, _STRINGS),
        "required": list(names),
        "additionalProperties": False,
    }
    return AnswerForm("json_schema", json.dumps(schema))


EXTRACTION = _object("entities", "keywords")
INFERENCE = _object("queries")


@dataclass(frozen=True)
class Extraction:
    """What the Extractor found."""

    entities: tuple[Entity, ...]
    keywords: tuple[str, ...]


def read_extraction(answer: str) -> Extraction:
    """Read the Extractor's answer.

    Raises:
        AnswerError: it has neither entities nor keywords.
    """
    row = _find_object(answer, ("entities", "keywords"))
    entities = tuple(Entity(_kind(text), text, 0.8) for text in _strings(row.get("entities")))
    keywords = _strings(row.get("keywords"))
    if not entities and not keywords:
        raise AnswerError(f"the Extractor must answer entities or keywords, got {answer[:80]!r}")
    return Extraction(entities, keywords)


def read_queries(answer: str) -> tuple[str, ...]:
    """Read the Inferer's answer.

    Raises:
        AnswerError: it has no query.
    """
    queries = _strings(_find_object(answer, ("queries",)).get("queries"))
    if not queries:
        raise AnswerError(f"the Inferer must answer queries, got {answer[:80]!r}")
    return queries


def _find_object(answer: str, names: tuple[str, ...]) -> dict[str, Any]:
    """The first JSON object in the answer that has one of the names."""
    for row in _objects(answer):
        if any(name in row for name in names):
            return row
    raise AnswerError(f"an answer must be a JSON object with {' and '.join(names)}, got {answer[:80]!r}")


def _objects(answer: str) -> Iterator[dict[str, Any]]:
    decoder = json.JSONDecoder()
    position = answer.find("{")
    while position >= 0:
        try:
            value, end = decoder.raw_decode(answer, position)
        except (ValueError, RecursionError):
            end = position + 1
        else:
            if isinstance(value, dict):
                yield value
        position = answer.find("{", end)


def _strings(value: Any) -> tuple[str, ...]:
    items = [value] if isinstance(value, str) else value if isinstance(value, list) else []
    stripped = (item.strip()[:_MAX_ITEM] for item in items if isinstance(item, str))
    return tuple(dict.fromkeys(item for item in stripped if item))


def _kind(text: str) -> str:
    if "/" in text or text.endswith(".py"):
        return "path"
    return "name" if text.replace(".", "").replace("_", "").removesuffix("()").isalnum() else "code"
