"""Ask a running interpreter which classes a checkout has and what its import statements give.

    python introspect.py ROOT OUT.jsonl FOLDERS PRELUDE [MODULE ARGUMENT...]

Runs the statements of PRELUDE, then `python -m MODULE ARGUMENT...` where one is named (a collection of tests, say),
then imports every module below FOLDERS (comma-separated, relative to ROOT). Needs the standard library alone. Writes
JSON lines:

- `{"module": path}` for each file of the checkout that was imported as a module;
- `{"failed": module name, "error"}` for each module that could not be;
- `{"class": place, "bases": [place], "mro": [place]}`, a place being [path, qualified name]: the bases and ancestors
  that the checkout defines; a class that is no statement of its file (a named tuple, say) is written all the same;
- `{"import": [path, line], "name", "targets": [place]}` for each name of each import statement that succeeded, with all
  that an edge may rightly lead to; none where what was imported is not of the checkout. A module is [path, ""], the
  package of a folder without code [folder, ""].

The object of a from-import leads to its module or definition, and to what binds it, under any name, at the top level of
a module of the checkout (under the same name, where it is a string, number or tuple). Where it is neither a module nor
a definition of the checkout, it leads to the module that it is taken from as well, and so does a star import.
Does not know any graph.
"""

import ast
import builtins
import contextlib
import functools
import importlib
import io
import json
import os
import runpy
import sys
from collections.abc import Iterator
from pathlib import Path
from types import FunctionType, MethodType, ModuleType
from typing import Any

Place = tuple[str, str]
_MISSING = object()
_SHARED = (bool, bytes, float, frozenset, int, str, tuple, type(None))  # equal values may be one object


class Checkout:
    """The files of a checkout and what they define."""

    def __init__(self, root: Path) -> None:
        self.root = f"{root.resolve()}{os.sep}"

    @functools.cache  # noqa: B019  one checkout a process
    def path(self, file: str | None) -> str:
        """The path of a file in the checkout, empty for any other."""
        full = os.path.abspath(file) if file else ""  # noqa: PTH100
        return full.removeprefix(self.root) if full.startswith(self.root) and os.path.exists(full) else ""  # noqa: PTH110

    @functools.cache  # noqa: B019  one checkout a process
    def defined(self, path: str) -> tuple[frozenset[str], frozenset[str]]:
        """Qualified names of the classes and functions of a file, and all that its top level binds but by import."""
        try:
            tree = ast.parse((Path(self.root) / path).read_bytes())
        except (OSError, SyntaxError, ValueError):
            return frozenset(), frozenset()
        return frozenset(_qualified(tree, "")), frozenset(_bound(tree))

    def module(self, module: ModuleType) -> Place | None:
        """The place of a module, or of a package without code."""
        path = self.path(getattr(module, "__file__", None))
        if path.endswith(".py"):
            return path, ""
        folders = [self.path(folder) for folder in getattr(module, "__path__", ())]
        return next(((folder, "") for folder in folders if folder), None)

    def definition(self, thing: Any) -> Place | None:
        """Where a class or function is defined."""
        if isinstance(thing, MethodType):
            thing = thing.__func__
        # by its type alone: a proxy may run code for any attribute
        if not issubclass(type(thing), type | FunctionType | functools._lru_cache_wrapper):  # noqa: SLF001
            return None
        name = thing.__qualname__
        module = sys.modules.get(str(getattr(thing, "__module__", "")))
        files = [_code_file(thing), getattr(module, "__file__", None)]
        if isinstance(thing, type):
            files += [_code_file(member) for member in vars(thing).values()]
        name = ".".join(part for part in name.split(".") if part != "<locals>")
        for path in filter(None, map(self.path, files)):
            if name in self.defined(path)[0]:
                return path, name
        return None


def _qualified(node: ast.AST, prefix: str) -> Iterator[str]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield f"{prefix}{child.name}"
            yield from _qualified(child, f"{prefix}{child.name}.")
        else:
            yield from _qualified(child, prefix)


def _bound(node: ast.AST) -> Iterator[str]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield child.name
        elif isinstance(child, ast.Name) and isinstance(child.ctx, ast.Store):
            yield child.id
        elif not isinstance(child, ast.Lambda | ast.expr_context):
            yield from _bound(child)


def _code_file(thing: Any) -> str | None:
    return thing.__code__.co_filename if type(thing) is FunctionType else None


class Imports:
    """Takes the place of `__import__` and keeps what each statement of the checkout imports."""

    def __init__(self, checkout: Checkout) -> None:
        self.rows: dict[tuple[str, int, str], Any] = {}
        self._checkout = checkout
        self._original = builtins.__import__

    def __call__(self, name: str, *arguments: Any, **keywords: Any) -> ModuleType:
        """Import as usual and remember the statement."""
        frame = sys._getframe(1)  # noqa: SLF001
        path, line = self._checkout.path(frame.f_code.co_filename), frame.f_lineno
        found: ModuleType = self._original(name, *arguments, **keywords)
        if path:
            self._keep(path, line, name, _Arguments(found, *arguments, **keywords))
        return found

    def _keep(self, path: str, line: int, name: str, given: "_Arguments") -> None:
        if not given.fromlist:
            self.rows[path, line, name] = (sys.modules.get(name, given.found), "", _MISSING)
        for one in given.fromlist or ():
            value = getattr(given.found, one, sys.modules.get(f"{given.found.__name__}.{one}", _MISSING))
            self.rows[path, line, f"{'.' * given.level}{name}:{one}"] = (given.found, one, value)


class _Arguments:
    """What `__import__` was called with, by name, and what it gave."""

    def __init__(
        self,  # the signature of `__import__` follows
        found: ModuleType,
        _globals: Any = None,
        _locals: Any = None,
        fromlist: tuple[str, ...] | None = (),
        level: int = 0,
    ) -> None:
        self.found = found
        self.fromlist = fromlist
        self.level = level


class Bindings:
    """Which modules of the checkout have an object under a name of their top level."""

    def __init__(self, checkout: Checkout) -> None:
        self._checkout = checkout
        self._names: dict[int, list[Place]] = {}
        for module in list(sys.modules.values()):
            place = checkout.module(module) if isinstance(module, ModuleType) else None
            if place:
                self._add(place[0], vars(module))

    def _add(self, path: str, names: dict[str, Any]) -> None:
        for name in self._checkout.defined(path)[1] & names.keys():
            self._names.setdefault(id(names[name]), []).append((path, name))

    def targets(self, module: ModuleType, name: str, value: Any) -> list[Place]:
        """All places that an edge of an imported name may lead to."""
        source = self._checkout.module(module)
        if not name or name == "*":
            return [source] if source else []
        found = [self._checkout.module(value) if type(value) is ModuleType else self._checkout.definition(value)]
        if source and value is not _MISSING:
            bound = self._names.get(id(value), ())
            found += [place for place in bound if place[1] == name or type(value) not in _SHARED]
            found += [] if found[0] else [source]
        return sorted(set(filter(None, found)))


def classes(checkout: Checkout) -> Iterator[dict[str, Any]]:
    """Rows of every class of the checkout that the process has."""
    seen: set[type] = set()
    ready: list[Any] = [object]
    while ready:
        for one in type.__subclasses__(ready.pop()):
            if one not in seen:
                seen.add(one)
                ready.append(one)
    for one in seen:
        place = checkout.definition(one)
        if place:
            bases, order = map(checkout.definition, one.__bases__), map(checkout.definition, one.__mro__[1:])
            yield {"class": place, "bases": [*filter(None, bases)], "mro": [*filter(None, order)]}


def module_names(root: Path, folders: list[str]) -> Iterator[str]:
    """The names of all modules below some folders, each the topmost package of its own."""
    for folder in folders:
        above = (root / folder).parent
        for path in sorted((root / folder).rglob("*.py")):
            parts = path.relative_to(above).with_suffix("").parts
            if parts[-1] != "__main__":
                yield ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def import_all(root: Path, folders: list[str]) -> Iterator[dict[str, Any]]:
    """Import every module below some folders; yield those that fail."""
    for name in module_names(root, folders):
        try:
            with contextlib.redirect_stdout(io.StringIO()):
                importlib.import_module(name)
        except BaseException as error:  # noqa: BLE001  a module may do anything, even end the process
            yield {"failed": name, "error": f"{type(error).__name__}: {error}"}


def main(root: Path, out: Path, folders: list[str], prelude: str, command: list[str]) -> None:
    """Import, and write what was found."""
    checkout = Checkout(root)
    imports = Imports(checkout)
    builtins.__import__ = imports
    exec(prelude, {"__name__": "prelude"})  # noqa: S102  given on the command line
    if command:
        sys.argv = command
        sys.path[0] = ""
        with contextlib.suppress(SystemExit):
            runpy.run_module(command[0], run_name="__main__", alter_sys=True)
    rows = list(import_all(root, folders))
    builtins.__import__ = imports._original  # noqa: SLF001
    paths = {checkout.path(getattr(one, "__file__", None)) for one in list(sys.modules.values())}
    rows += [{"module": path} for path in sorted(filter(None, paths))]
    rows += classes(checkout)
    bindings = Bindings(checkout)
    for (path, line, name), value in imports.rows.items():
        rows.append({"import": (path, line), "name": name, "targets": bindings.targets(*value)})
    lines = sorted(json.dumps(row) for row in rows)
    out.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3].split(","), sys.argv[4], sys.argv[5:])
