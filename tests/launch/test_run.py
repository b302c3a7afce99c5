import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

_ARTIFACTS = (
    "rankings.jsonl",
    "patches.jsonl",
    "failures.jsonl",
    "metrics.json",
    "ranks.jsonl",
    "rewrites.jsonl",
    "subgraphs.jsonl",
    "reasons.jsonl",
)
_PATIENCE = 60.0  # seconds


def _bytes(run: Path) -> dict[str, bytes]:
    return {name: (run / name).read_bytes() for name in _ARTIFACTS}


def _wait_until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + _PATIENCE
    while not holds():
        assert time.monotonic() < deadline, "waited too long"
        time.sleep(0.002)


def _workers_of(process: int) -> list[int]:
    children = Path(f"/proc/{process}/task/{process}/children").read_text().split()
    return [int(child) for child in children if b"spawn_main" in _command(child)]


def _command(process: str) -> bytes:
    try:
        return Path(f"/proc/{process}/cmdline").read_bytes()
    except (FileNotFoundError, ProcessLookupError):  # it has ended since it was listed
        return b""


def test_an_issue_on_a_git_repository_ranks_files_and_functions(
    cgm: Callable[..., int], pristine_shop: Any, read: Callable[[str], Any], capsys: pytest.CaptureFixture[str]
) -> None:
    assert cgm(*pristine_shop.single, "run_dir=run") == 0
    (ranking,) = read("run/rankings.jsonl")
    assert list(ranking) == ["instance_id", "files", "functions"]
    assert ranking["files"][0] == "shop/price.py"
    assert "shop/price.py:price" in ranking["functions"][:3]
    shown = capsys.readouterr().out
    assert "shop/price.py:price" in shown
    assert read("run/reasons.jsonl")[0]["files"][0]["reason"] in shown


def test_a_single_issue_leaves_a_page_to_open_and_a_dataset_leaves_none(
    cgm: Callable[..., int], pristine_shop: Any, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cgm(*pristine_shop.single, "commit=HEAD", "run_dir=run") == 0
    page = home / "run" / "subgraph.html"
    assert page.as_uri() in capsys.readouterr().out
    assert "shop/price.py:price" in page.read_text()
    assert "sum(price(item) for item in items)" in page.read_text()
    assert cgm(*pristine_shop.single, "stages=[preprocessing,rewriter]", "run_dir=short") == 0
    assert cgm(*pristine_shop.many, "limit=1", "run_dir=many") == 0
    assert [found.parent.name for found in home.rglob("subgraph.html")] == ["run"]
    assert "subgraph.html" not in capsys.readouterr().out


def test_a_single_issue_leaves_its_subgraph_as_text(cgm: Callable[..., int], pristine_shop: Any, home: Path) -> None:
    assert cgm(*pristine_shop.single, "run_dir=run") == 0
    text = (home / "run" / "subgraph.txt").read_text()
    assert "# shop/price.py:price\ndef price(item):\n" in text
    assert "shop/price.py:total CALLS shop/price.py:price\n" in text
    assert cgm(*pristine_shop.many, "limit=1", "run_dir=many") == 0
    assert not (home / "many" / "subgraph.txt").exists()


def test_a_plain_folder_needs_no_git(
    cgm: Callable[..., int], pristine_shop: Any, home: Path, read: Callable[[str], Any]
) -> None:
    shutil.copytree(pristine_shop.repo, home / "plain", ignore=shutil.ignore_patterns(".git"))
    assert cgm("repo=plain", f"issue={pristine_shop.issue}", "retriever=bm25", "run_dir=run") == 0
    assert read("run/rankings.jsonl")[0]["files"][0] == "shop/price.py"


def test_the_folder_on_disk_is_read_unless_a_commit_is_given(
    cgm: Callable[..., int], pristine_shop: Any, home: Path, read: Callable[[str], Any]
) -> None:
    shutil.copytree(pristine_shop.repo, home / "dirty")
    (home / "dirty" / "shop" / "plum.py").write_text("def plum_price():\n    raise KeyError('plum')\n")
    options = (f"issue={pristine_shop.issue}", "retriever=bm25")
    assert (
        cgm("repo=dirty", *options, "run_dir=disk") == cgm("repo=dirty", *options, "commit=HEAD", "run_dir=head") == 0
    )
    assert "shop/plum.py" in read("disk/rankings.jsonl")[0]["files"]
    assert "shop/plum.py" not in read("head/rankings.jsonl")[0]["files"]


@pytest.mark.parametrize("ignored", [(), (".git",)])
def test_a_run_does_not_read_its_own_files_as_the_repositorys(
    cgm: Callable[..., int],
    pristine_shop: Any,
    home: Path,
    read: Callable[[str], Any],
    tmp_path_factory: pytest.TempPathFactory,
    ignored: tuple[str, ...],
) -> None:
    shutil.copytree(pristine_shop.repo, home, ignore=shutil.ignore_patterns(*ignored), dirs_exist_ok=True)
    cache = f"cache_dir={tmp_path_factory.mktemp('cache')}"
    for name in ("first", "second"):
        (home / f"{name}.md").write_text("price raises KeyError")
        (home / f"{name}.py").write_text("assert True")
        files = (f"issue={name}.md", f"check={name}.py", f"run_dir=runs/{name}")
        assert cgm("repo=.", "retriever=bm25", "isolation=none", cache, *files) == 0
        (home / f"{name}.md").unlink()
        (home / f"{name}.py").unlink()
    assert read("runs/second/summary.json")["stages"]["preprocessing"]["cached"] == 1


@pytest.mark.parametrize(
    "name", ["a b", "it's", "a,b", "a=b", '"quoted" [x]{y}', "back\\slash\\", "\u00e9(1)", "-x", "a\nb"]
)
def test_paths_are_taken_as_they_are_typed(
    cgm: Callable[..., int], pristine_shop: Any, home: Path, read: Callable[[str], Any], name: str
) -> None:
    shutil.copytree(pristine_shop.repo, home / name, ignore=shutil.ignore_patterns(".git"))
    shutil.copy(pristine_shop.issue, home / f"{name}.md")
    options = (f"repo={name}", f"issue={name}.md", f"cache_dir=cache/{name}", f"run_dir=runs/{name}")
    assert cgm(*options, "retriever=bm25") == 0
    assert read(f"runs/{name}/rankings.jsonl")[0]["files"][0] == "shop/price.py"
    assert (home / "cache" / name / "stages").is_dir()


def test_a_dataset_is_ranked_and_scored_in_its_order(
    cgm: Callable[..., int], pristine_shop: Any, read: Callable[[str], Any]
) -> None:
    assert cgm(*pristine_shop.many, f"gold={pristine_shop.gold}", "run_dir=run") == 0
    names = [f"acme__{repo}-{number}" for repo in ("shop", "store") for number in (0, 1)]
    assert [row["instance_id"] for row in read("run/rankings.jsonl")] == names
    metrics = read("run/metrics.json")
    assert metrics["files"]["n"] == metrics["functions"]["n"] == 4
    assert metrics["files"]["strict@1"] == 1.0
    assert read("run/summary.json")["graph"]["nodes"]["FILE"] == 4 * 3


def test_ids_and_limit_choose_instances(
    cgm: Callable[..., int], pristine_shop: Any, home: Path, read: Callable[[str], Any]
) -> None:
    (home / "ids").write_text("acme__store-1\nacme__shop-1\n")
    assert cgm(*pristine_shop.many, "ids=ids", "run_dir=chosen") == 0
    assert [row["instance_id"] for row in read("chosen/rankings.jsonl")] == ["acme__shop-1", "acme__store-1"]
    assert cgm(*pristine_shop.many, "limit=1", "run_dir=first") == 0
    assert [row["instance_id"] for row in read("first/rankings.jsonl")] == ["acme__shop-0"]


def test_stages_may_be_the_beginning_of_the_chain(
    cgm: Callable[..., int], pristine_shop: Any, read: Callable[[str], Any]
) -> None:
    assert cgm(*pristine_shop.many, "stages=[preprocessing,rewriter]", "run_dir=run") == 0
    assert list(read("run/summary.json")["stages"]) == ["preprocessing", "rewriter"]
    assert len(read("run/rewrites.jsonl")) == 4
    assert read("run/rankings.jsonl") == []


def test_an_ablation_of_the_reranker_recomputes_nothing_before_it(
    cgm: Callable[..., int], pristine_shop: Any, read: Callable[[str], Any]
) -> None:
    assert cgm("-m", *pristine_shop.many, "reranker=none,heuristic", "run_dir=sweep") == 0
    first, second = (read(f"sweep/reranker={name},retriever=bm25/summary.json") for name in ("none", "heuristic"))
    for stage in ("preprocessing", "rewriter", "retriever"):
        assert (first["stages"][stage]["computed"], second["stages"][stage]["computed"]) == (4, 0)
        assert second["stages"][stage]["cached"] == 4
    assert second["stages"]["reranker"]["computed"] == 4


def test_jobs_that_differ_in_how_they_run_have_folders_of_their_own(
    cgm: Callable[..., int], pristine_shop: Any, home: Path
) -> None:
    chains = "stages=[preprocessing],[preprocessing,rewriter]"
    assert cgm("-m", *pristine_shop.single, chains, "workers=1,2", "isolation=auto,none", "run_dir=sweep") == 0
    assert len(list((home / "sweep").rglob("summary.json"))) == 8


def test_two_processes_give_the_same_bytes_as_one(cgm: Callable[..., int], pristine_shop: Any, home: Path) -> None:
    options = (*pristine_shop.many, f"gold={pristine_shop.gold}")
    for workers in (1, 2):
        assert cgm(*options, f"workers={workers}", f"cache_dir=cache{workers}", f"run_dir=run{workers}") == 0
    assert _bytes(home / "run1") == _bytes(home / "run2")


def test_a_killed_run_goes_on_and_gives_the_same_bytes(
    spawned: Callable[..., "subprocess.Popen[str]"], many_commits: Any, home: Path, read: Callable[[str], Any]
) -> None:
    options = (*many_commits.many, f"gold={many_commits.gold}")
    whole = spawned(*options, "cache_dir=fresh", "run_dir=whole")
    killed = spawned(*options, "run_dir=killed")
    done = home / "cache" / "r4" / "stages" / "reranker"
    _wait_until(lambda: len(list(done.rglob("*.json"))) >= 2)
    killed.send_signal(signal.SIGKILL)
    assert killed.wait() == -signal.SIGKILL
    assert not (home / "killed" / "rankings.jsonl").exists()
    assert spawned(*options, "run_dir=killed").wait() == whole.wait() == 0
    reranker = read("killed/summary.json")["stages"]["reranker"]
    assert reranker["cached"] >= 2
    assert reranker["computed"] >= 1
    assert _bytes(home / "killed") == _bytes(home / "whole")


@pytest.mark.skipif(sys.platform != "linux", reason="finds worker processes in /proc")
def test_the_instance_of_a_killed_worker_is_tried_again(
    spawned: Callable[..., "subprocess.Popen[str]"], pristine_shop: Any, read: Callable[[str], Any]
) -> None:
    process = spawned(*pristine_shop.many, "workers=2", "run_dir=run")
    _wait_until(lambda: bool(_workers_of(process.pid)))
    os.kill(_workers_of(process.pid)[0], signal.SIGKILL)
    _, errors = process.communicate(timeout=_PATIENCE)
    assert process.returncode == 0
    assert errors.count("a worker process was killed") == 1
    assert len(read("run/rankings.jsonl")) == 4


@pytest.mark.skipif(sys.platform != "linux", reason="finds worker processes in /proc")
def test_workers_do_not_outlive_a_killed_run(
    spawned: Callable[..., "subprocess.Popen[str]"], many_commits: Any
) -> None:
    process = spawned(*many_commits.many, "workers=2", "run_dir=run")
    _wait_until(lambda: len(_workers_of(process.pid)) == 2)
    workers = _workers_of(process.pid)
    process.send_signal(signal.SIGKILL)
    process.wait()
    _wait_until(lambda: not any(Path(f"/proc/{worker}/cmdline").exists() for worker in workers))


def test_a_broken_instance_is_a_failure_and_the_rest_goes_on(
    cgm: Callable[..., int], pristine_shop: Any, home: Path, read: Callable[[str], Any]
) -> None:
    rows = [json.loads(line) for line in pristine_shop.dataset.read_text().splitlines()]
    rows[0]["base_commit"] = "0" * 40
    rows[1]["problem_statement"] = " "
    rows[2]["repo"] = "acme/gone"
    (home / "broken.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    options = ("dataset=broken.jsonl", *pristine_shop.many[1:], f"gold={pristine_shop.gold}", "run_dir=run")
    assert cgm(*options) == 2
    failures = read("run/failures.jsonl")
    assert [(row["stage"], row["error"]) for row in failures] == [
        ("preprocessing", "RepositoryError"),
        ("preprocessing", "IssueError"),
        ("preprocessing", "RepositoryError"),
    ]
    assert len(read("run/rankings.jsonl")) == 1
    metrics = read("run/metrics.json")
    assert (metrics["files"]["n"], metrics["without_ranking"]) == (4, 3)
    assert metrics["files"]["strict@20"] == 0.25


def test_a_run_folder_of_another_run_is_left_alone(
    cgm: Callable[..., int], pristine_shop: Any, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = (*pristine_shop.single, "run_dir=run")
    assert cgm(*options) == 0
    before = {path.name: path.read_bytes() for path in (home / "run").iterdir()}
    assert cgm(*options, "reranker=none") == 1
    assert "run_dir must be new or hold the same run" in capsys.readouterr().err
    assert {path.name: path.read_bytes() for path in (home / "run").iterdir()} == before


def test_no_secret_of_the_environment_is_written(
    cgm: Callable[..., int], pristine_shop: Any, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-this-is-secret")
    assert cgm(*pristine_shop.single, "llm=openai", "llm.model=some", "run_dir=run") == 0
    written = [path for path in home.rglob("*") if path.is_file()]
    assert home / "run" / "config.yaml" in written
    assert not [path for path in written if b"sk-this-is-secret" in path.read_bytes()]


def test_a_full_disk_is_one_line_and_nothing_half_written(
    spawned: Callable[..., "subprocess.Popen[str]"], pristine_shop: Any, home: Path
) -> None:
    def no_space() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (64, 64))

    process = spawned(*pristine_shop.single, "run_dir=run", limit=no_space)
    _, errors = process.communicate(timeout=_PATIENCE)
    assert process.returncode == 1
    (line,) = errors.splitlines()
    assert line.startswith("error: cannot write ")
    assert not list((home / "run").glob("*"))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "or repo=PATH stages=[preprocessing]; cgm --help says more"),
        (["repo=."], "repo and issue must be given together, unless stages=[preprocessing], got 'repo'"),
        (["stages=[preprocessing]", "issue=ISSUE.md"], "unless stages=[preprocessing], got 'issue'"),
        (["repo=.", "stages=[preprocessing]", "export=[paeg]"], "export must be among page, jsonl,"),
        (["repo=.", "stages=[preprocessing]", "export=page"], "export: "),
        (
            ["repo=.", "stages=[preprocessing]", "page.arround=a"],
            "page.arround is no setting; did you mean page.around?",
        ),
        (["repo=.", "stages=[preprocessing]", "page.hops=-1"], "page.hops must be >= 0, got -1"),
        (["dataset=rows.jsonl", "repos=.", "export=[page]"], "export is for a single repo, got 'page'"),
        (["repo=nowhere", "issue=ISSUE.md"], "repo must be a folder, got nowhere"),
        (["repo=loop", "issue=ISSUE.md"], "repo must be a folder, got loop"),
        ([f"repo={'x' * 300}", "issue=ISSUE.md"], "File name too long"),
        (["repo=ISSUE.md", "issue=ISSUE.md"], "repo must be a folder, got ISSUE.md"),
        (["repo=.", "issue=gone.md"], "issue must be a readable file: cannot read gone.md: No such file"),
        (["repo=.", "issue=empty.md"], "issue must have a text, got an empty file empty.md"),
        (["repo=.", "issue=binary.md"], "issue must be a text in UTF-8, got a binary file binary.md"),
        (["repo=~no-such-user/x", "issue=ISSUE.md"], "repo must be a folder, got ~no-such-user/x"),
        (["repo=.", "issue=ISSUE.md", "dataset=rows.jsonl"], "got 'repo and issue and dataset'"),
        (["repo=.", "issue=ISSUE.md", "commit=12e4567"], "a commit needs a git repository"),
        (["repo=.", "issue=ISSUE.md", "check=gone.py"], "check must be a readable script: cannot read gone.py"),
        (["repo=.", "issue=ISSUE.md", "limit=1"], "ids and limit are for a dataset, got 1"),
        (["repo=.", "issue=ISSUE.md", "gold=gone.jsonl"], "cannot read gone.jsonl"),
        (["repo=.", "issue=ISSUE.md", "workers=0"], "workers must be >= 1, got 0"),
        (["repo=.", "issue=ISSUE.md", "workers=many"], "workers: Value 'many'"),
        (["repo=.", "issue=ISSUE.md", "cache_gib=0"], "cache_gib must be > 0, got 0.0"),
        (["repo=.", "issue=ISSUE.md", "stages=[rewriter]"], "stages must be the beginning of preprocessing, rewriter"),
        (["repo=.", "issue=ISSUE.md", "stages=[rewritter]"], "stages must be among preprocessing, rewriter"),
        (["repo=.", "issue=ISSUE.md", "retriever=bm52"], "retriever=bm52 is no option; did you mean retriever=bm25?"),
        (["repo=.", "issue=ISSUE.md", "retriever=bm25,names"], "'retriever=bm25,names'; to run each of them: cgm -m"),
        (["repo=.", "issue=ISSUE.md", "retreiver=bm25"], "retreiver is no setting; did you mean retriever?"),
        (
            ["repo=.", "issue=ISSUE.md", "rewriter.max_entitys=3"],
            "rewriter.max_entitys is no setting; did you mean rewriter.max_entities?",
        ),
        (["repo=.", "issue=ISSUE.md", "+rewriter.max=3"], "rewriter.max is no setting"),
        (["repo=.", "issue=ISSUE.md", "+rep=."], "rep is no setting; did you mean repo?"),
        (["repo=.", "issue=ISSUE.md", "rewriter.max_entities=0"], "rewriter.max_entities must be >= 1, got 0"),
        (["repo=.", "issue=ISSUE.md", "rewriter=llm"], "rewriter=llm needs llm: set llm=OPTION, got llm=none"),
        (["repo=.", "issue=ISSUE.md", "rewriter.option=llm"], "rewriter.option names the choice rewriter=heuristic"),
        (["repo"], "an override must read KEY=VALUE"),
        (["repo=.", "issue=ISSUE.md", "limit=("], "an override must read KEY=VALUE"),
        (["repo=(", "issue=ISSUE.md"], "repo must be a folder, got ("),
        (["repo=.", "issue=${gone}"], "issue: Interpolation key 'gone' not found"),
        (["repo=.", "issue=ISSUE.md", "run_dir=ISSUE.md/run"], "run_dir must be a folder that can be written"),
        (["-m", "repo=.", "issue=ISSUE.md", "retriever=bm25,bm52"], "retriever=bm52 is no option"),
        (["dataset=gone.jsonl", "repos=."], "cannot read gone.jsonl"),
        (["dataset=rows.jsonl", "repos=nowhere"], "repos must be a folder, got nowhere"),
        (["dataset=rows.jsonl", "repos=.", "limit=-1"], "limit must be >= 0, got -1"),
        (["dataset=rows.jsonl", "repos=.", "commit=HEAD"], "commit is for a single repo"),
        (["dataset=rows.jsonl", "repos=."], "rows.jsonl:2: not JSON"),
    ],
)
def test_bad_input_is_one_line_that_names_it(
    cgm: Callable[..., int], home: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    (home / "ISSUE.md").write_text("Something is wrong in `parse`.")
    (home / "empty.md").write_text(" \n")
    (home / "loop").symlink_to("loop")
    (home / "binary.md").write_bytes(b"GIF89a\0\xff")
    row = {"instance_id": "a", "repo": "a/a", "base_commit": "c", "problem_statement": "p"}
    (home / "rows.jsonl").write_text(json.dumps(row) + "\n{'")
    before = {path.name for path in home.iterdir()}
    assert cgm(*arguments) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("error: ")
    assert message in line
    # only an instance that was tried, here the commit of a plain folder, leaves a run behind
    kept = [path.name for path in home.iterdir() if path.is_dir() and any(path.rglob("summary.json"))]
    assert {path.name for path in home.iterdir()} - before - {"cache", "runs"} == set()
    assert kept == (["runs"] if "a commit needs" in message else [])
