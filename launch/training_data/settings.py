"""The settings of `cgm-data`, and the stages that they name.

Knows which settings there are and which of them decide what rows say. Does not know how rows are made.
"""

import dataclasses
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hydra.core.config_store import ConfigStore
from omegaconf import MISSING, DictConfig

from cgm.errors import require
from cgm.protocols import Reranker, Retriever, Rewriter
from cgm.store import BlobCache
from cgm.train.example import TASKS
from launch.codebase import Preprocessor
from launch.command import located
from launch.identity import FLOOR, code_version, stage_identity
from launch.schema import build, composed

_GROUPS = ("preprocessing", "rewriter", "retriever", "reranker")
_PATHS = ("repos", "issues", "cache_dir")
_CODE = (
    FLOOR,
    "cgm.train",
    "cgm.train.prompts",
    "cgm.train.tasks",
    "preprocessing",
    "preprocessing.ancestry",
    "reader",
    "launch",
    "launch.training_data",
)
# settings that change how a set is put together or kept, never what a row says
_INCIDENTAL = ("repos", "names", "cache_dir", "run_dir", "seconds", "validation", "test", "fixed", "duplicates")


@dataclass
class CorpusConfig:
    """Which repositories rows are made of, how many of which task, and where things are kept."""

    repos: str = ""  # the folder of <owner>__<name> git directories
    names: list[str] = field(default_factory=list)  # of owner/name: take these alone
    issues: str = ""  # JSON lines of repo, number, text: take these words where a commit resolves one
    held_out: list[str] = field(default_factory=list)  # files of benchmark rows: refuse the repositories they name too
    refuse_held_out: bool = True  # whether repositories of SWE-bench and Loc-Bench are refused
    licences: list[str] = field(default_factory=list)  # SPDX identifiers: take repositories under these alone
    tasks: list[str] = field(default_factory=lambda: list(TASKS))
    rows: dict[str, int] = field(  # of each task and repository at most
        default_factory=lambda: {
            "subgraph_reconstruction": 150,
            "issue_fix": 100,
            "graph_query": 150,
            "api": 80,
            "unit_test": 80,
            "readme_summary": 40,
        }
    )
    history_commits: int = 50_000  # the newest so many commits are looked at
    seconds: float = 1200.0  # for the history of one repository; what is not reached is counted
    edited_files: int = 4  # source files that a repair changes at most
    irrelevant: float = 0.1  # share of repairs that are shown a file which has nothing to do with them
    missing: float = 0.1  # share of repairs that are not shown a file which they change
    context_tokens: int = 4000  # of the code shown with a repair, estimated
    graph_nodes: int = 96
    node_characters: int = 8000  # of a node's text
    answer_characters: int = 6000
    prompt_characters: int = 24_000
    given_away: float = 0.3  # share of an answer that may stand where it must not
    duplicates: float = 0.8  # Jaccard similarity of two answers from which on the later row goes
    validation: float = 0.1  # share of the repositories
    test: float = 0.1  # share of the repositories
    fixed: dict[str, str] = field(default_factory=dict)  # "+fixed={owner/name: test}": the part that it is in
    seed: int = 0
    cache_dir: str = ""  # empty: r4 in the user's cache folder
    run_dir: str = MISSING
    preprocessing: Any = MISSING
    rewriter: Any = MISSING
    retriever: Any = MISSING
    reranker: Any = MISSING

    def __post_init__(self) -> None:
        for name, given in (("tasks", self.tasks), ("rows", self.rows)):
            strange = sorted(set(given) - set(TASKS))
            require(not strange, f"{name} must name {', '.join(TASKS)}", ", ".join(strange))
        require(bool(self.tasks), "tasks must name at least one task", self.tasks)
        require(all(count >= 0 for count in self.rows.values()), "rows must be >= 0", self.rows)
        for name in (
            "history_commits",
            "edited_files",
            "context_tokens",
            "graph_nodes",
            "node_characters",
            "answer_characters",
            "prompt_characters",
        ):
            require(getattr(self, name) >= 1, f"{name} must be >= 1", getattr(self, name))
        for name in ("irrelevant", "missing", "given_away"):
            require(0 <= getattr(self, name) <= 1, f"{name} must lie in [0, 1]", getattr(self, name))
        require(
            self.irrelevant + self.missing <= 1, "irrelevant + missing must be <= 1", self.irrelevant + self.missing
        )
        require(0 < self.duplicates <= 1, "duplicates must lie in (0, 1]", self.duplicates)
        require(self.seconds > 0, "seconds must be > 0", self.seconds)

    def most(self, task: str) -> int:
        """How many rows of a task a repository gives at most."""
        return self.rows.get(task, 0) if task in self.tasks else 0


@dataclass(frozen=True)
class Stages:
    """The stages up to the Reader, as a repair's row sees them."""

    preprocessor: Preprocessor
    rewriter: Rewriter
    retriever: Retriever
    reranker: Reranker


def corpus_config(config: DictConfig) -> CorpusConfig:
    """Turn a composed configuration into plain dataclasses: every group holds its `Choice`, every path is absolute.

    Raises:
        ConfigError: a value breaks its rule.
    """
    values = composed(CorpusConfig, config, _GROUPS)
    return CorpusConfig(**{**values, **located(values, _PATHS)})


def register_corpus() -> None:
    """Give Hydra the schema of `cgm-data`, as `schema/corpus`."""
    ConfigStore.instance().store(group="schema", name="corpus", node=CorpusConfig)


def make_stages(settings: CorpusConfig) -> Stages:
    """The chosen stages; none of them asks a model.

    Raises:
        ConfigError: a stage is nothing at all, or needs a service that makes rows depend on a model.
    """
    services = {"blobs": BlobCache(Path(settings.cache_dir) / "blobs"), "embedder": None, "llm": None}
    for group in _GROUPS:
        choice = getattr(settings, group)
        require(bool(choice.option.target), f"{group} must be a stage", choice.option.name)
    stages = {group: build(getattr(settings, group), services) for group in _GROUPS}
    return Stages(stages["preprocessing"], stages["rewriter"], stages["retriever"], stages["reranker"])


def row_identity(settings: CorpusConfig) -> list[Any]:
    """All that decides what a repository's rows say, JSON-ready: settings, stages and code."""
    plain_settings = {
        item.name: getattr(settings, item.name)
        for item in dataclasses.fields(settings)
        if item.name not in (*_INCIDENTAL, *_GROUPS)
    }
    stages = [stage_identity(getattr(settings, group), {}) for group in _GROUPS]
    return [plain_settings, stages, {package: code_version(package) for package in _CODE}]
