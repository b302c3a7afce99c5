import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hydra import compose, initialize_config_module

from cgm.errors import CgmError
from cgm.store import read_rows, write_rows
from cgm.train.example import SPLITS, TASKS, Example, read_examples
from launch.data import make_set
from launch.schema import register
from launch.training_data.settings import register_corpus
from reader.answer import read_blocks

_ENVIRONMENT = {
    **{name: value for name, value in os.environ.items() if not name.startswith("GIT_")},
    "GIT_AUTHOR_NAME": "a",
    "GIT_AUTHOR_EMAIL": "a@example.org",
    "GIT_COMMITTER_NAME": "a",
    "GIT_COMMITTER_EMAIL": "a@example.org",
    "GIT_AUTHOR_DATE": "2020-01-01T00:00:00Z",
    "GIT_COMMITTER_DATE": "2020-01-01T00:00:00Z",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
}
_MIT = "Permission is hereby granted, free of charge, to any person, without restriction.\n"
_TOKEN = "ghp_" + "a1B2c3D4e5" * 4
_STOCK = '''\
"""What a shop has.

The module keeps numbers of {thing} pieces by name, tells what is missing, and forgets what is sold for good.
"""

from {package}.rules import allowed


class Stock:
    """Numbers of pieces by name, kept for as long as the {thing} shop is open."""

    def __init__(self):
        self.pieces = {{}}

    def put(self, name, count):
        """Add so many pieces of a kind to what the {thing} shop has already."""
        if not allowed(name, count):
            raise ValueError("{thing}: this many pieces of %s are not allowed" % name)
        self.pieces[name] = self.pieces.get(name, 0) + count
        return self.pieces[name]

    def take(self, name, count):
        """Remove pieces of a kind, as many as somebody has bought in the {thing} shop."""
        left = self.pieces.get(name, 0) - count
        self.pieces[name] = left
        return left
'''
_RULES = '''\
def allowed(name, count):
    """Whether the rules of the {thing} trade let somebody keep so many pieces at once."""
    limit = 100 if name.startswith("{thing}") else 10
    return 0 < count <= limit
'''
_TEST = """\
from {package}.stock import Stock


def test_put_{thing}_adds_up():
    stock = Stock()
    stock.put("{thing} one", 2)
    assert stock.put("{thing} one", 3) == 5
"""


def git(repo: Path, *arguments: str) -> str:
    command = ["git", "-C", str(repo), *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True, env=_ENVIRONMENT).stdout.strip()


def commit(repo: Path, message: str, **files: str) -> str:
    for name, text in files.items():
        path = repo / name.replace("__", "/").replace("_py", ".py").replace("_md", ".md")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    git(repo, "add", "-A")
    git(repo, "commit", "-q", "-m", message)
    return git(repo, "rev-parse", "HEAD")


def make_repository(repos: Path, owner: str, thing: str) -> Path:
    repo = repos / f"{owner}__{thing}"
    repo.mkdir(parents=True)
    git(repo, "init", "-q", "-b", "main")
    values = {"thing": thing, "package": thing}
    stock, rules = _STOCK.format(**values), _RULES.format(**values)
    (repo / "LICENSE").write_text(_MIT)
    (repo / thing).mkdir()
    (repo / thing / "__init__.py").write_text("")
    (repo / thing / "stock.py").write_text(stock)
    (repo / thing / "rules.py").write_text(rules)
    (repo / thing / "keys.py").write_text(f'KEY = "{_TOKEN}"\n\n\ndef key(stock):\n    return KEY\n')
    (repo / "tests").mkdir()
    (repo / "tests" / f"test_{thing}.py").write_text(_TEST.format(**values))
    commit(repo, f"Begin the {thing} shop with its stock", README_md=f"# {thing}\n\n{readme(thing)}\n")
    fixed = stock.replace(
        "        self.pieces[name] = left\n",
        "        if left < 0:\n            left = 0\n        self.pieces[name] = left\n",
    )
    (repo / thing / "stock.py").write_text(fixed)
    commit(repo, f"Never leave fewer than no {thing} pieces when some are taken (#1)\n\nFixes #7")
    (repo / thing / "stock.py").write_text(fixed.replace("    def __init__", "    # pieces\n    def __init__"))
    commit(repo, f"Say in a comment what the {thing} pieces are for")
    (repo / thing / "rules.py").write_text(rules.replace("100", "120"))
    (repo / thing / "stock.py").write_text(fixed.replace("this many", "so many"))
    commit(repo, f"Allow a few more {thing} pieces at once and say so\n\nSigned-off-by: a <a@example.org>")
    return repo


def readme(thing: str) -> str:
    return (
        f"A small {thing} library that counts pieces, for people who sell {thing} things and forget how many are left."
    )


class Runs:
    """Runs of the command on repositories below one folder."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.repos = root / "repos"

    def __call__(self, name: str, *settings: str) -> "Run":
        folder = self.root / name
        register()
        register_corpus()
        with initialize_config_module("conf", version_base="1.3"):
            config = compose("data", self.arguments(folder, *settings))
        return Run(folder, make_set(config, folder))

    def arguments(self, folder: Path, *settings: str) -> list[str]:
        places = {"repos": self.repos, "run_dir": folder, "cache_dir": self.root / "cache"}
        return [*(f"{name}={path}" for name, path in places.items()), *settings]


@dataclass(frozen=True)
class Run:
    """What a run left behind, and its exit code."""

    folder: Path
    code: int

    @property
    def card(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.folder / "card.json").read_text())
        return found

    def rows(self, task: str = "") -> list[Example]:
        found = [row for part in SPLITS for row in read_examples(self.folder / f"{part}.jsonl")]
        return [row for row in found if task in ("", row.task)]

    def files(self) -> dict[str, bytes]:
        names = (*(f"{part}.jsonl" for part in SPLITS), "card.json", "card.md", "failures.jsonl")
        return {name: (self.folder / name).read_bytes() for name in names}


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Runs:
    found = Runs(tmp_path_factory.mktemp("data"))
    for thing in ("apple", "brick", "candle"):
        make_repository(found.repos, "acme", thing)
    return found


@pytest.fixture(scope="module")
def run(runs: Runs) -> Run:
    return runs("run")


def test_every_task_has_rows_and_every_row_a_place(run: Run) -> None:
    assert run.code == 0
    assert {row.task for row in run.rows()} == set(TASKS)
    for row in run.rows():
        assert row.repository.startswith("acme/")
        assert len(row.commit) == len(row.answer_commit) == 40
        assert row.paths
        assert row.licence == "MIT"
        assert row.graph.edges
    names = [row.example_id for row in run.rows()]
    assert len(set(names)) == len(names)


def test_a_repository_is_in_one_part(run: Run) -> None:
    parts = {part: {row.repository for row in read_examples(run.folder / f"{part}.jsonl")} for part in SPLITS}
    assert [len(names) for names in parts.values()] == [1, 1, 1]
    assert len(set.union(*parts.values())) == 3


def test_a_repair_shows_the_parent_and_its_answer_gives_the_child(run: Run, runs: Runs) -> None:
    rows = run.rows("issue_fix")
    assert rows
    for row in rows:
        repo = runs.repos / row.repository.replace("/", "__")
        assert git(repo, "rev-parse", f"{row.answer_commit}^") == row.commit
        texts = {path: git(repo, "show", f"{row.commit}:{path}") + "\n" for path in row.paths}
        for block in read_blocks(row.answer):
            assert texts[block.path].count(block.search) == 1
            texts[block.path] = texts[block.path].replace(block.search, block.replacement)
        assert texts == {path: git(repo, "show", f"{row.answer_commit}:{path}") + "\n" for path in row.paths}


def test_no_row_of_a_repair_shows_what_came_later(run: Run) -> None:
    for row in run.rows("issue_fix"):
        if "Never leave" in row.prompt:
            shown = (row.prompt, *row.graph.texts)
            assert not any("left < 0" in text or "so many pieces of %s" in text or "120" in text for text in shown)
            assert "left < 0" in row.answer


def test_what_changes_no_code_is_no_repair_and_counted(run: Run) -> None:
    assert not any("comment" in row.prompt.partition("</issue>")[0] for row in run.rows("issue_fix"))
    outcomes = run.card["outcomes"]["issue_fix"]
    assert outcomes["only comments, docstrings or blank space changed"] == 3
    assert sum(outcomes.values()) == 4 * 3  # all commits


def test_messages_lose_what_is_for_git(run: Run) -> None:
    reports = [row.prompt.partition("</issue>")[0] for row in run.rows("issue_fix")]
    assert any("Never leave" in report for report in reports)
    assert not any(word in report for report in reports for word in ("Signed-off-by", "@example.org", "#1", "#7"))


def test_answers_are_not_given_away(run: Run) -> None:
    for row in run.rows("unit_test"):
        assert row.answer not in row.prompt
        assert not any("def test_" in text for text in row.graph.texts)
    for row in run.rows("readme_summary"):
        assert not any(row.answer.splitlines()[-1] in text for text in (row.prompt, *row.graph.texts))
    for row in run.rows("api"):
        purpose = row.prompt.rpartition("\n\n")[2]
        assert not any(purpose in text for text in row.graph.texts)
        assert row.answer.splitlines()[0] not in row.prompt
    for row in run.rows("subgraph_reconstruction"):
        code = "\n".join(line for line in row.answer.splitlines() if not line.startswith("###"))
        assert code.strip() not in row.prompt


def test_answers_stand_in_the_graph_where_they_are_to_be_read_from_it(run: Run) -> None:
    for row in run.rows("graph_query"):
        heads = {text.partition("\n")[0].partition(" ")[2] for text in row.graph.texts}
        assert heads.issuperset(row.answer.splitlines())
    for row in run.rows("subgraph_reconstruction"):
        for piece in row.answer.removeprefix("### ").split("\n### "):
            label, code = piece.split("\n", 1)
            assert any(f" {label}\n" in f"{text}\n" and code.strip() in text for text in row.graph.texts)


def test_secrets_are_replaced_and_counted(run: Run) -> None:
    assert not any(_TOKEN in text for row in run.rows() for text in (row.prompt, row.answer, *row.graph.texts))
    assert any("<secret>" in text for row in run.rows() for text in row.graph.texts)
    shown = sum(text.count("<secret>") for row in run.rows() for text in row.graph.texts)
    assert sum(run.card["secrets"].values()) >= shown


def test_the_card_counts_what_the_files_hold(run: Run) -> None:
    card = run.card
    assert card["rows"] == len(run.rows()) == sum(about["rows"] for about in card["files"].values())
    for name, about in card["repositories"].items():
        assert about["rows"] == {task: sum(row.repository == name for row in run.rows(task)) for task in TASKS}
        assert about["licence"] == "MIT"
    text = (run.folder / "card.md").read_text()
    assert all(name in text for name in card["repositories"])
    assert "# Data card" in text


def test_the_same_command_gives_the_same_bytes(run: Run, runs: Runs) -> None:
    again = runs("again")
    assert again.files() == run.files()
    assert runs("other", "seed=1", "tasks=[api]").card["files"] != runs("one", "tasks=[api]").card["files"]


def test_a_run_that_was_stopped_goes_on(runs: Runs) -> None:
    stopped = runs("stopped", "tasks=[issue_fix,api]", "rows.api=3")
    before = stopped.files()
    parts = sorted((stopped.folder / "parts").rglob("*.json"))
    assert len(parts) == 3 * 4
    times = {path: path.stat().st_ino for path in parts[1:]}
    parts[0].unlink()
    (stopped.folder / "train.jsonl").unlink()
    assert runs("stopped", "tasks=[issue_fix,api]", "rows.api=3").files() == before
    assert {path: path.stat().st_ino for path in parts[1:]} == times
    assert parts[0].exists()


def test_other_settings_do_not_mix_with_a_folder(run: Run, runs: Runs) -> None:
    with pytest.raises(CgmError, match="run_dir must be new or hold the same run"):
        runs(run.folder.name, "seed=5")


def test_held_out_repositories_are_refused_by_name_history_files_and_a_benchmarks_rows(
    runs: Runs, tmp_path: Path
) -> None:
    others = Runs(tmp_path)
    make_repository(others.repos, "pallets", "flask")
    shutil.copytree(runs.repos / "acme__apple", others.repos / "acme__apple")
    clone = others.repos / "me__clone"
    shutil.copytree(runs.repos / "acme__brick", clone)
    git(clone, "remote", "add", "origin", "https://github.com/psf/requests")
    write_rows(tmp_path / "bench.jsonl", [{"repo": "ACME/apple", "problem_statement": "never read"}])
    run = others("run", f"held_out=[{tmp_path / 'bench.jsonl'}]", "tasks=[api]")
    assert run.code == 1
    assert run.card["refused"] == {
        "acme/apple": "acme/apple is held out by name",
        "me/clone": "psf/requests is held out by name",
        "pallets/flask": "pallets/flask is held out by name",
    }


def test_copies_of_held_out_repositories_are_shown_in_no_row(tmp_path: Path) -> None:
    others = Runs(tmp_path)
    repo = make_repository(others.repos, "acme", "apple")
    folder = repo / "apple" / "_inner" / "requests"
    folder.mkdir(parents=True)
    (folder / "sessions.py").write_text("def held_out_session():\n    return 1\n")
    commit(repo, "Take a library into the apple shop whole")
    run = others("run")
    assert run.code == 0
    assert run.card["repositories"]["acme/apple"]["left_out_folders"] == ["apple/_inner/requests"]
    assert not any(
        "held_out_session" in text for row in run.rows() for text in (row.prompt, row.answer, *row.graph.texts)
    )


def test_a_broken_repository_is_a_failure_and_the_others_give_rows(runs: Runs, tmp_path: Path) -> None:
    others = Runs(tmp_path)
    shutil.copytree(runs.repos / "acme__apple", others.repos / "acme__apple")
    (others.repos / "acme__broken").mkdir()
    run = others("run", "tasks=[api]")
    assert run.code == 2
    assert [row["instance_id"] for _, row in read_rows(run.folder / "failures.jsonl")] == ["acme/broken"]
    assert run.rows("api")


def test_an_issues_text_stands_for_the_commit_that_resolves_it(runs: Runs, tmp_path: Path) -> None:
    issues = tmp_path / "issues.jsonl"
    write_rows(issues, [{"repo": "Acme/Apple", "number": 7, "text": "One can buy more apples than there are."}])
    run = runs("issues", f"issues={issues}", "tasks=[issue_fix]", "names=[acme/apple]")
    assert run.code == 0
    (row,) = [row for row in run.rows() if row.wording == "issue"]
    assert "One can buy more apples than there are." in row.prompt
    assert "Never leave" not in row.prompt


def test_a_copy_under_another_name_stays_in_the_same_part_and_gives_no_row_twice(runs: Runs, tmp_path: Path) -> None:
    others = Runs(tmp_path)
    for name in ("acme__apple", "me__apple"):
        shutil.copytree(runs.repos / "acme__apple", others.repos / name)
    make_repository(others.repos, "acme", "stone")
    run = others("run", "tasks=[subgraph_reconstruction]")
    parts = {name: about["part"] for name, about in run.card["repositories"].items()}
    assert parts["acme/apple"] == parts["me/apple"]
    assert run.card["repositories"]["me/apple"]["rows"]["subgraph_reconstruction"] == 0
    assert run.card["duplicates"]["subgraph_reconstruction"]["of another repository"] > 0


def test_a_repository_can_be_put_into_a_part(run: Run, runs: Runs) -> None:
    parts = {name: about["part"] for name, about in run.card["repositories"].items()}
    other = next(name for name, part in parts.items() if part == "train")
    fixed = runs("fixed", f"+fixed={{{other}: test}}", "tasks=[api]").card["repositories"]
    assert fixed[other]["part"] == "test"


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (("repos=/nowhere/at/all",), "repos must be a folder of <owner>__<name> git directories"),
        (("names=[no/such]",), "names must be repositories in"),
        (("tasks=[poetry]",), "tasks must name subgraph_reconstruction"),
        (("missing=0.6", "irrelevant=0.6"), r"irrelevant \+ missing must be <= 1"),
        (("+rows.poetry=1",), "rows must name subgraph_reconstruction"),
        (("reranker=none", "retriever=dense"), "retriever=dense needs embedder"),
    ],
)
def test_a_meaningless_setting_is_refused(runs: Runs, settings: tuple[str, ...], message: str) -> None:
    with pytest.raises(CgmError, match=message):
        runs("refused", *settings)


def test_a_misspelt_setting_is_refused_in_one_line_of_the_command(runs: Runs) -> None:
    arguments = runs.arguments(runs.root / "refused", "rowz=1")
    command = [sys.executable, "-c", "from launch.data import main; main()", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr == "error: rowz is no setting; did you mean rows?\n"
