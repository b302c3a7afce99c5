"""What a node says of itself: signature, parameters, return type, decorators, docstring.

Knows the compact form that facts and graphs keep: one line of JSON for each node, empty where there is nothing to
say. Does not know how source says it (`preprocessing`).
"""

import json
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray


class Parameter(NamedTuple):
    """A parameter as it is written: `name` keeps its stars, and a lone `*` or `/` is a parameter of its own."""

    name: str
    type: str = ""
    default: str = ""


class NodeDetails(NamedTuple):
    """What a class, function, attribute, lambda or file says of itself; what it does not say is empty.

    `signature` is one line without the body. `returns` is the type that a function is written to return, or that an
    attribute is written to have. `decorators` are in order and without their sign. `docstring` is cleaned as
    `inspect.cleandoc` does.
    """

    signature: str = ""
    parameters: tuple[Parameter, ...] = ()
    returns: str = ""
    decorators: tuple[str, ...] = ()
    docstring: str = ""


NO_DETAILS = NodeDetails()
_ENCODE = json.JSONEncoder(separators=(",", ":"), check_circular=False).encode
_END = ord("\n")


def encode_details(details: NodeDetails) -> str:
    """Write details as one line with its end; ASCII, and nothing but the end where there are none."""
    return _ENCODE(details) + "\n" if details != NO_DETAILS else "\n"


def decode_details(line: str | bytes) -> NodeDetails:
    """Read what `encode_details` wrote.

    Raises:
        ValueError: the line is damaged.
    """
    if not line.strip():
        return NO_DETAILS
    try:
        signature, parameters, returns, decorators, docstring = json.loads(line)
        rows = tuple(Parameter(*row) for row in parameters)
    except TypeError as error:
        raise ValueError(f"details are damaged: {error}") from error
    return NodeDetails(signature, rows, returns, tuple(decorators), docstring)


@dataclass(frozen=True)
class DetailRows:
    """The encoded details of nodes end to end, decoded one at a time when asked for; no lines mean no details."""

    lines: bytes = b""

    def __len__(self) -> int:
        return self.lines.count(b"\n")

    def __getitem__(self, node: int) -> NodeDetails:
        if not self.lines:
            return NO_DETAILS
        start = int(self._ends[node - 1]) + 1 if node else 0
        return decode_details(self.lines[start : int(self._ends[node])])

    @cached_property
    def _ends(self) -> NDArray[np.int64]:
        column: NDArray[Any] = np.frombuffer(self.lines, dtype=np.uint8)
        return np.flatnonzero(column == _END)
