"""Any tree object that git can hold gives a snapshot, or a refusal; no path in it leads out of the repository."""

import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cgm.errors import RepositoryError
from preprocessing.snapshot import open_snapshot
from preprocessing.stage import build_graph

_MODES = st.sampled_from([b"100644", b"100755", b"100664", b"120000", b"160000", b"40000", b"0", b"777777", b"100600"])
_NAMES = st.one_of(
    st.sampled_from([b".", b"..", b".git", b"a", b"a.py", b"A.PY", b"\xff.py", b"a\nb.py", b'"q".py', b"-rf", b" "]),
    st.binary(min_size=1, max_size=12).map(lambda name: name.replace(b"\0", b"x").replace(b"/", b"y")),
)
_MISSING = "12" * 20


def _git(repository: Path, *arguments: str, content: bytes = b"") -> str:
    done = subprocess.run(["git", "-C", repository, *arguments], input=content, capture_output=True, check=True)
    return done.stdout.decode().strip()


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("trees")
    _git(path, "init", "-q")
    return path


def _tree(repository: Path, rows: list[tuple[bytes, bytes, str]]) -> str:
    content = b"".join(mode + b" " + name + b"\0" + bytes.fromhex(oid) for mode, name, oid in rows)
    return _git(repository, "hash-object", "--literally", "-t", "tree", "-w", "--stdin", content=content)


def _commit(repository: Path, tree: str) -> str:
    return _git(repository, "-c", "user.name=a", "-c", "user.email=a@b", "commit-tree", tree, "-m", "any")


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_tree_object_is_read_or_refused(repository: Path, data: st.DataObject) -> None:
    blob = _git(repository, "hash-object", "-w", "--stdin", content=b"def f():\n    return g()\n")
    inner = _tree(repository, [(b"100644", b"inner.py", blob)])
    sound = st.sampled_from([(b"100644", blob), (b"40000", inner), (b"160000", _MISSING)])
    broken = st.tuples(_MODES, st.sampled_from([blob, inner, _MISSING]))
    kinds = data.draw(st.lists(sound, min_size=1, max_size=5)) + data.draw(st.lists(broken, max_size=1))
    rows = [(mode, data.draw(_NAMES), oid) for mode, oid in kinds]
    try:
        commit = _commit(repository, _tree(repository, rows))
        graph = build_graph(repository, commit)
        snapshot = open_snapshot(repository, commit)
    except RepositoryError:
        return
    except subprocess.CalledProcessError:
        return  # git itself does not keep such a tree
    assert set(graph.file_of_path) == set(snapshot.by_path)
    assert not [path for path in snapshot.by_path if {"..", ".", ".git", ""} & set(path.split("/"))]
