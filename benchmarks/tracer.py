"""Record which functions of a checkout call which while a program runs.

    python tracer.py ROOT OUT.jsonl MODULE ARGUMENT...

Runs `python -m MODULE ARGUMENT...` in this process, with the checkout's own interpreter: it needs the standard library
alone and Python >= 3.11. One JSON line for each definition that ran, `{"ran": [path, qualified name]}`, then one for
each pair, sorted: `caller` and `callee` as [path, qualified name], `line` where the caller stands, and `via`:

- `""`: the frame below the callee's is the caller's (`f_back`), so operators, properties and `with` count;
- `builtin`: likewise, but a C function that the caller called stands between, as in `sorted(key=callee)`;
- `foreign`: frames of other code stand between, and the caller is the nearest frame of the checkout;
- `wrapped`: the callee ran below a wrapper that its decorator put around it, and the caller called that wrapper. The
  two pairs with the wrapper are listed too, since they are what ran.

A comprehension or lambda that calls is the definition around it; module code has the name "", and a class body the name
of its class. What is called has a name of its own: comprehensions, lambdas, class bodies and modules are no
callees. A generator or coroutine is called where it is first resumed. Threads are followed, processes are not.
Does not know any graph.
"""

import dis
import inspect
import json
import os
import runpy
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

Place = tuple[str, str]  # path, qualified name
Pair = tuple[CodeType, CodeType, int, str]  # callee, caller, offset in the caller, via

_SUSPENDED = inspect.CO_GENERATOR | inspect.CO_COROUTINE | inspect.CO_ASYNC_GENERATOR


class Tracer:
    """A profile function and what it has seen of the code below `root`."""

    def __init__(self, root: Path) -> None:
        self.pairs: set[Pair] = set()
        self.ran: set[CodeType] = set()
        self._root = f"{root.resolve()}{os.sep}"
        self._ours: dict[CodeType, bool] = {}
        self._starts: dict[CodeType, int] = {}
        self._wrappers: dict[tuple[CodeType, CodeType], bool] = {}
        self._thread = threading.local()

    def __call__(self, frame: FrameType, event: str, _: Any) -> None:
        """Take an event of `sys.setprofile`."""
        if event == "call":
            if self._is_ours(frame.f_code) and self._is_start(frame):
                self._record(frame)
        elif event == "c_call":
            self._builtins().append(frame)
        elif event in {"c_return", "c_exception"} and self._builtins():
            self._builtins().pop()

    def _builtins(self) -> list[FrameType]:
        """The frames of this thread that are inside a C function, innermost last."""
        if not hasattr(self._thread, "builtins"):
            self._thread.builtins = []
        found: list[FrameType] = self._thread.builtins
        return found

    def _is_ours(self, code: CodeType) -> bool:
        if code not in self._ours:
            path = os.path.abspath(code.co_filename)  # noqa: PTH100  pathlib is too slow here
            self._ours[code] = path.startswith(self._root) and os.path.isfile(path)  # noqa: PTH113
        return self._ours[code]

    def _is_start(self, frame: FrameType) -> bool:
        code = frame.f_code
        if not code.co_flags & _SUSPENDED:
            return True
        if code not in self._starts:
            self._starts[code] = next(
                (one.offset for one in dis.get_instructions(code) if one.opname == "RESUME" and one.arg == 0), -1
            )
        return frame.f_lasti == self._starts[code]

    def _record(self, frame: FrameType) -> None:
        self.ran.add(frame.f_code)
        caller, via = frame.f_back, ""
        builtins = self._builtins()
        if caller is not None and builtins and builtins[-1] is caller:
            via = "builtin"
        while caller is not None and not self._is_ours(caller.f_code):
            caller, via = caller.f_back, "foreign"
        if caller is None:
            return
        self.pairs.add((frame.f_code, caller.f_code, caller.f_lasti, via))
        before = caller.f_back
        if via != "foreign" and before is not None and self._is_ours(before.f_code) and self._wraps(caller, frame):
            self.pairs.add((frame.f_code, before.f_code, before.f_lasti, "wrapped"))

    def _wraps(self, wrapper: FrameType, wrapped: FrameType) -> bool:
        """Whether a frame is that of a closure over the function that it calls."""
        key = (wrapper.f_code, wrapped.f_code)
        if key not in self._wrappers:
            values = (wrapper.f_locals.get(name) for name in wrapper.f_code.co_freevars)
            self._wrappers[key] = any(getattr(value, "__code__", None) is wrapped.f_code for value in values)
        return self._wrappers[key]


def owner(path: str, qualified: str) -> Place:
    """The definition that code with a qualified name belongs to."""
    names = qualified.split(".")
    while names and names[-1].startswith("<"):
        names.pop()
    return path, ".".join(name for name in names if not name.startswith("<"))


def is_callee(code: CodeType) -> bool:
    """Whether a code object is a function with a name: no module, class body, lambda or comprehension."""
    return bool(code.co_flags & inspect.CO_OPTIMIZED) and not code.co_name.startswith("<")


def rows(root: Path, tracer: Tracer) -> Iterator[dict[str, Any]]:
    """Turn what a tracer has seen into the rows that are written, without duplicates and sorted."""
    yield from ({"ran": place} for place in sorted({_place(root, code) for code in tracer.ran}))
    found = set()
    for callee, caller, offset, via in tracer.pairs:
        if is_callee(callee):
            found.add((_place(root, caller), _place(root, callee), _line(caller, offset), via))
    for one, other, line, via in sorted(found):
        yield {"caller": one, "callee": other, "line": line, "via": via}


def _place(root: Path, code: CodeType) -> Place:
    return owner(os.path.relpath(os.path.abspath(code.co_filename), root.resolve()), code.co_qualname)  # noqa: PTH100


def _line(code: CodeType, offset: int) -> int:
    """The line of the instruction at an offset."""
    found = next((line for start, end, line in code.co_lines() if start <= offset < end), None)
    return found or code.co_firstlineno


def main(root: Path, out: Path, module: str, arguments: list[str]) -> None:
    """Run a module under the tracer; it ends the process itself, the pairs are written all the same."""
    tracer = Tracer(root)
    sys.argv = [module, *arguments]
    sys.path[0] = ""
    threading.setprofile(tracer)
    sys.setprofile(tracer)
    try:
        runpy.run_module(module, run_name="__main__", alter_sys=True)
    finally:
        sys.setprofile(None)
        threading.setprofile(None)
        out.write_text("".join(f"{json.dumps(row)}\n" for row in rows(root, tracer)), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3], sys.argv[4:])
