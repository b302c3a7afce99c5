import pytest

from preprocessing.python.modules import Modules

PATHS = [
    "app/__init__.py",
    "app/core.py",
    "app/sub/__init__.py",
    "app/sub/leaf.py",
    "app/sub/leaf.pyi",
    "lib/plot/__init__.py",
    "lib/plot/axes.py",
    "src/tool.py",
    "space/deep/inner.py",
    "scripts/run.py",
    "scripts/helper.py",
    "one/tests/__init__.py",
    "one/tests/util.py",
    "two/tests/__init__.py",
    "two/tests/util.py",
    "two/tests/test_x.py",
    "app/notes.txt",
]
MODULES = Modules(dict(enumerate(PATHS)))


def find(importer: str, module: str, level: int = 0) -> str | None:
    place = MODULES.find(PATHS.index(importer), module, level)
    return PATHS[place] if isinstance(place, int) else place


@pytest.mark.parametrize(
    ("importer", "module", "level", "found"),
    [
        ("scripts/run.py", "app", 0, "app/__init__.py"),
        ("scripts/run.py", "app.core", 0, "app/core.py"),
        ("app/core.py", "", 1, "app/__init__.py"),
        ("app/core.py", "sub.leaf", 1, "app/sub/leaf.py"),
        ("app/sub/leaf.py", "core", 2, "app/core.py"),
        ("app/sub/__init__.py", "leaf", 1, "app/sub/leaf.py"),
        ("app/core.py", "missing", 1, None),
        ("app/core.py", "os.path", 0, None),
        ("scripts/run.py", "plot.axes", 0, "lib/plot/axes.py"),
        ("scripts/run.py", "tool", 0, "src/tool.py"),
        ("scripts/run.py", "space.deep", 0, "space/deep"),
        ("scripts/run.py", "space.deep.inner", 0, "space/deep/inner.py"),
        ("scripts/run.py", "helper", 0, "scripts/helper.py"),
        ("app/core.py", "helper", 0, None),
        ("two/tests/test_x.py", "tests.util", 0, "two/tests/util.py"),
        ("one/tests/util.py", "tests.util", 0, "one/tests/util.py"),
        ("app/core.py", "notes", 1, None),
        ("app/core.py", "core", 9, None),
    ],
)
def test_an_import_finds_its_file(importer: str, module: str, level: int, found: str | None) -> None:
    assert find(importer, module, level) == found


def test_a_stub_alone_is_a_module() -> None:
    assert Modules({0: "a.pyi", 1: "b.py"}).find(1, "a", 0) == 0


def test_only_packages_have_children() -> None:
    package, module = PATHS.index("app/__init__.py"), PATHS.index("app/core.py")
    assert MODULES.child(package, "core") == module
    assert MODULES.child(package, "sub") == PATHS.index("app/sub/__init__.py")
    assert MODULES.child(module, "sub") is None
    assert MODULES.child("space", "deep") == "space/deep"
    assert MODULES.child("", "app") == package


@pytest.mark.parametrize(
    ("path", "names"),
    [
        ("app/extra.py", {"extra"}),
        ("new/deep/inner.py", {"new", "deep", "inner"}),
        ("scripts/__init__.py", {"scripts", "run", "helper"}),
        ("lib/plot/axes.pyi", set()),
    ],
)
def test_a_new_file_changes_what_is_found_under_some_names_alone(path: str, names: set[str]) -> None:
    others = Modules(dict(enumerate([*PATHS, path])))
    assert {name for name, _ in others.table() ^ MODULES.table()} == names
