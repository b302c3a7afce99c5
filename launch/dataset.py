"""What a run works on: issues and where their repositories lie.

Knows SWE-bench rows, issue files and the layout of a folder of repositories. Does not open any repository and never
reads a gold patch or test, even where a row holds one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cgm.artifacts import Issue
from cgm.errors import ConfigError, DatasetError, IssueError, RepositoryError, StorageError, require
from cgm.store import read_bytes, read_rows
from launch.schema import RunConfig

_FIELDS = ("instance_id", "repo", "base_commit", "problem_statement")


@dataclass(frozen=True)
class Instance:
    """An issue and its repository: a git directory, bare or not, or a plain folder."""

    issue: Issue
    location: Path
    left_out: tuple[Path, ...] = ()  # files of the run that may lie in the folder and are no part of the repository


def load_instances(config: RunConfig) -> list[Instance]:
    """Find what to run, in the order of the dataset.

    Raises:
        ConfigError: the settings name no input, or two.
        InputError: an input is missing or malformed.
    """
    single, many = (config.repo, config.issue), (config.dataset, config.repos)
    usage = "give repo=PATH issue=FILE.md, or dataset=FILE.jsonl repos=DIR, or repo=PATH stages=[preprocessing]"
    if not any(single + many):
        raise ConfigError(f"{usage}; cgm --help says more")
    require(any(single) != any(many), usage, _given(config))
    if any(single):
        complete = all(single) or bool(config.repo and config.graph_alone)
        require(complete, "repo and issue must be given together, unless stages=[preprocessing]", _given(config))
        _check_script(config.check)
        require(not config.ids and not config.limit, "ids and limit are for a dataset", config.ids or config.limit)
        return [_single(config)]
    require(all(many), "dataset and repos must be given together", _given(config))
    require(not config.commit, "commit is for a single repo; a dataset row has its base_commit", config.commit)
    require(not config.check, "check is for a single repo", config.check)
    require(not config.export, "export is for a single repo", ", ".join(config.export or ()))
    return _many(config)


def own_files(config: RunConfig) -> tuple[Path, ...]:
    """The files of a single issue's run that may lie in its repository's folder: issue, check, answers, weights."""
    model = getattr(getattr(config.llm, "config", None), "path", "")
    return tuple(Path(path).absolute() for path in (config.issue, config.check, config.record, model) if path)


def repository_folder(repos: Path, repo: str) -> Path:
    """Where `owner/name` lies in a folder of repositories."""
    return repos / repo.replace("/", "__")


def _given(config: RunConfig) -> str:
    names = [name for name in ("repo", "issue", "dataset", "repos") if getattr(config, name)]
    return " and ".join(names)


def _check_script(check: str) -> None:
    if not check:
        return
    try:
        read_bytes(Path(check))
    except StorageError as error:
        raise ConfigError(f"check must be a readable script: {error}") from error


def _folder(name: str, value: str) -> Path:
    try:
        if Path(value).is_dir():
            return Path(value).resolve()
    except OSError as error:
        raise RepositoryError(f"{name} must be a folder, got {value}: {error.strerror}") from error
    raise RepositoryError(f"{name} must be a folder, got {value}")


def _single(config: RunConfig) -> Instance:
    location = _folder("repo", config.repo)
    name = location.name or "repository"
    text = _issue_text(Path(config.issue)) if config.issue else ""
    return Instance(Issue(name, name, config.commit, text), location, own_files(config))


def _issue_text(path: Path) -> str:
    try:
        content = read_bytes(path)
    except StorageError as error:
        raise IssueError(f"issue must be a readable file: {error}") from error
    if b"\0" in content:
        raise IssueError(f"issue must be a text in UTF-8, got a binary file {path}")
    text = content.decode("utf-8-sig", "replace")
    if not text.strip():
        raise IssueError(f"issue must have a text, got an empty file {path}")
    return text


def _many(config: RunConfig) -> list[Instance]:
    dataset, repos = Path(config.dataset), _folder("repos", config.repos)
    issues = _chosen(_read_issues(dataset), config.ids)
    issues = issues[: config.limit] if config.limit else issues
    if not issues:
        raise DatasetError(f"{dataset}: a dataset must have at least one row, got none")
    return [Instance(issue, repository_folder(repos, issue.repo)) for issue in issues]


def _read_issues(path: Path) -> list[Issue]:
    issues: dict[str, Issue] = {}
    try:
        for number, row in read_rows(path):
            issue = _issue(row, f"{path}:{number}")
            if issue.instance_id in issues:
                raise DatasetError(f"{path}:{number}: instance_id must be unique, got {issue.instance_id!r} twice")
            issues[issue.instance_id] = issue
    except StorageError as error:
        raise DatasetError(str(error)) from error
    return list(issues.values())


def _issue(row: dict[str, Any], where: str) -> Issue:
    missing = [name for name in _FIELDS if name not in row]
    if missing:
        raise DatasetError(f"{where}: a row must have {', '.join(_FIELDS)}, got no {', '.join(missing)}")
    for name in _FIELDS:
        if not isinstance(row[name], str):
            raise DatasetError(f"{where}: {name} must be a text, got {row[name]!r}")
    for name in ("instance_id", "repo", "base_commit"):
        if not row[name]:
            raise DatasetError(f"{where}: {name} must not be empty, got ''")
    if ".." in row["repo"].split("/"):
        raise DatasetError(f"{where}: repo must be owner/name, got {row['repo']!r}")
    return Issue(*(row[name] for name in _FIELDS))


def _chosen(issues: Sequence[Issue], ids: str) -> list[Issue]:
    if not ids:
        return list(issues)
    try:
        wanted = set(read_bytes(Path(ids)).decode("utf-8", "replace").split())
    except StorageError as error:
        raise ConfigError(f"ids must be a readable file: {error}") from error
    unknown = sorted(wanted - {issue.instance_id for issue in issues})
    if unknown:
        raise DatasetError(f"{ids}: every id must be in the dataset, got {', '.join(unknown[:3])}")
    return [issue for issue in issues if issue.instance_id in wanted]
