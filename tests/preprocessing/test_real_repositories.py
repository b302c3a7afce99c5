"""Real repositories, cloned at a tag; `R4_REPOSITORIES` may name a folder that holds `<owner>__<name>` already."""

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from cgm.graph import CodeGraph, EdgeKind
from preprocessing.stage import build_graph


@dataclass(frozen=True)
class Real:
    """A repository at a tag, the least it must show, and edges that a person found in its source."""

    name: str
    tag: str
    functions: int
    calls: int
    edges: frozenset[tuple[str, str, str]]

    @property
    def id(self) -> str:
        return self.name.replace("/", "__")


GSON = "gson/src/main/java/com/google/gson/"
REAL = [
    Real(
        "google/gson",
        "gson-parent-2.11.0",
        functions=2500,
        calls=7000,
        edges=frozenset(
            {
                (
                    "CALLS",
                    f"{GSON}Gson.java:Gson.newJsonWriter",
                    f"{GSON}stream/JsonWriter.java:JsonWriter.setSerializeNulls",
                ),
                (
                    "CALLS",
                    f"{GSON}internal/Excluder.java:Excluder.isValidVersion",
                    f"{GSON}internal/Excluder.java:Excluder.isValidSince",
                ),
                ("EXTENDS", f"{GSON}JsonNull.java:JsonNull", f"{GSON}JsonElement.java:JsonElement"),
                (
                    "IMPLEMENTS",
                    f"{GSON}internal/Excluder.java:Excluder",
                    f"{GSON}TypeAdapterFactory.java:TypeAdapterFactory",
                ),
                ("IMPORTS", f"{GSON}Gson.java", f"{GSON}reflect/TypeToken.java:TypeToken"),
            }
        ),
    ),
    Real(
        "expressjs/express",
        "v5.1.0",
        functions=200,
        calls=250,
        edges=frozenset(
            {
                ("CALLS", "lib/application.js:app.init", "lib/application.js:app.defaultConfiguration"),
                ("CALLS", "lib/response.js:res.send", "lib/response.js:res.json"),
                ("CALLS", "lib/express.js:createApplication", "lib/application.js:app.init"),
                ("IMPORTS", "lib/application.js", "lib/view.js:View"),
            }
        ),
    ),
    Real(
        "sindresorhus/ky",
        "v2.0.1",
        functions=300,
        calls=200,
        edges=frozenset(
            {
                ("CALLS", "source/core/Ky.ts:Ky.#fetch", "source/errors/TimeoutError.ts:TimeoutError"),
                ("CALLS", "source/utils/merge.ts:validateAndMerge", "source/utils/is.ts:isObject"),
                ("EXTENDS", "source/errors/NetworkError.ts:NetworkError", "source/errors/KyError.ts:KyError"),
                ("IMPORTS", "source/index.ts", "source/types/ky.ts:KyInstance"),
            }
        ),
    ),
    Real(
        "gorilla/mux",
        "v1.8.1",
        functions=220,
        calls=500,
        edges=frozenset(
            {
                ("CALLS", "mux.go:Router.Match", "route.go:Route.Match"),
                ("CALLS", "route.go:Route.Match", "route.go:matcher.Match"),
                ("CALLS", "mux_test.go:testRoute", "route.go:Route.Match"),
                ("EXTENDS", "route.go:Route", "mux.go:routeConf"),
                ("IMPLEMENTS", "mux.go:Router", "route.go:matcher"),
                ("IMPLEMENTS", "route.go:methodMatcher.Match", "route.go:matcher.Match"),
            }
        ),
    ),
    Real(
        "sharkdp/fd",
        "v10.4.2",
        functions=300,
        calls=450,
        edges=frozenset(
            {
                ("CALLS", "src/main.rs:run", "src/cli.rs:Opts.search_paths"),
                ("CALLS", "src/main.rs:run", "src/walk.rs:scan"),
                ("CALLS", "src/walk.rs:WorkerState.scan", "src/config.rs:Config.is_printing"),
                ("IMPORTS", "src/main.rs", "src/filter/owner.rs:OwnerFilter"),
                ("IMPORTS", "src/main.rs", "src/walk.rs"),
            }
        ),
    ),
    Real(
        "DaveGamble/cJSON",
        "v1.7.19",
        functions=1600,
        calls=1700,
        edges=frozenset(
            {
                ("CALLS", "cJSON.c:cJSON_Parse", "cJSON.c:cJSON_ParseWithOpts"),
                ("CALLS", "cJSON.c:parse_value", "cJSON.c:can_access_at_index"),
                ("CALLS", "tests/print_array.c:assert_print_array", "cJSON.c:print_array"),
                ("IMPORTS", "cJSON_Utils.c", "cJSON_Utils.h"),
                ("REFERENCES", "cJSON.h", "cJSON.c:cJSON_Parse"),
            }
        ),
    ),
    Real(
        "google/leveldb",
        "1.23",
        functions=1700,
        calls=4300,
        edges=frozenset(
            {
                ("CALLS", "db/db_impl.cc:leveldb.DBImpl.Get", "db/memtable.cc:leveldb.MemTable.Get"),
                ("CALLS", "db/memtable.cc:leveldb.MemTable.Get", "db/skiplist.h:leveldb.SkipList.Iterator.Seek"),
                (
                    "CALLS",
                    "db/memtable.cc:leveldb.MemTable.Get",
                    "include/leveldb/comparator.h:leveldb.Comparator.Compare",
                ),
                ("EXTENDS", "db/db_impl.h:leveldb.DBImpl", "include/leveldb/db.h:leveldb.DB"),
                ("IMPLEMENTS", "db/db_impl.cc:leveldb.DBImpl.Get", "include/leveldb/db.h:leveldb.DB.Get"),
                ("IMPORTS", "db/db_impl.h", "include/leveldb/db.h"),
            }
        ),
    ),
]


def clone(real: Real, folder: Path) -> Path:
    known = Path(os.environ.get("R4_REPOSITORIES", "")) / real.id
    source = str(known) if known.is_dir() else f"https://github.com/{real.name}"
    command = ["git", "clone", "--quiet", "--bare", "--branch", real.tag, "--single-branch", "--depth", "1", source]
    subprocess.run([*command, str(folder)], check=True)
    return folder


def labelled(graph: CodeGraph) -> set[tuple[str, str, str]]:
    return {
        (EdgeKind(kind).name, graph.label(source), graph.label(target)) for kind, source, target, *_ in graph.edges()
    }


@pytest.mark.network
@pytest.mark.parametrize("real", REAL, ids=lambda real: real.id)
def test_a_real_repository_shows_what_its_source_says(real: Real, tmp_path: Path) -> None:
    graph = build_graph(clone(real, tmp_path / "repository.git"), real.tag)
    counts = graph.counts()
    assert counts["nodes"]["FUNCTION"] >= real.functions
    assert counts["edges"]["CALLS"] >= real.calls
    assert real.edges <= labelled(graph), sorted(real.edges - labelled(graph))
