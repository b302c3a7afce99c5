"""The settings of `cgm-eval`, and what they are turned into: a judge.

Knows which settings there are and what a verdict depends on. Does not know the command's tasks (`launch.evaluate`).
"""

import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hydra.core.config_store import ConfigStore
from omegaconf import MISSING, DictConfig

from cgm.errors import require
from cgm.store import StageCache
from eval.humaneval import HumanEvalConfig
from eval.swebench.backend import Backend
from eval.swebench.judge import Judge
from eval.swebench.untrusted import TrustConfig
from launch.command import located
from launch.identity import FLOOR, code_version
from launch.schema import Choice, composed

TASKS = ("predictions", "gold", "table", "images", "humaneval")
# of `EvalConfig`
PATHS = ("predictions", "dataset", "repos", "ids", "exclude", "gold", "run", "leaderboard", "table", "cache_dir")
_GROUPS = ("backend", "llm")
_CODE = ("eval", "eval.swebench", "eval.docker", FLOOR)  # packages that a verdict depends on
_LONGEST_PAUSE = 30.0  # seconds


@dataclass
class EvalConfig:
    """What is judged, by which backend, and where things are kept."""

    task: str = "predictions"  # one of `TASKS`
    predictions: str = ""  # patches in SWE-bench's format: JSON lines, a JSON list, or an object by instance
    dataset: str = ""  # a JSON-lines file of SWE-bench rows
    repos: str = ""  # the folder of <owner>__<name> git directories
    ids: str = ""  # a file of instance ids: run these alone
    exclude: str = ""  # a file of instance ids, each with a reason behind it if you like: leave these out
    gold: str = ""  # a JSON-lines file of gold locations, for the report; empty: the files of each row's own patch
    run: str = ""  # the run folder of `cgm` that made the predictions, for the report; empty: where they lie
    leaderboard: str = ""  # a new folder for a submission to SWE-bench's leaderboard
    limit: int = 0  # run the first so many instances; 0 runs all
    table: str = ""  # specifications for rows that carry none; empty: what task=table left in cache_dir
    turns: int = 3  # of task=gold: how often every gold patch is run
    retries: int = 2  # how often a case is tried again that the infrastructure failed
    workers: int = 1  # cases at a time
    trust: TrustConfig = field(default_factory=TrustConfig)  # how much a patch may do
    humaneval: HumanEvalConfig = field(default_factory=HumanEvalConfig)  # of task=humaneval
    cache_dir: str = ""  # empty: r4 in the user's cache folder
    cache_gib: float = 20.0  # the stage cache drops its oldest entries beyond this size
    run_dir: str = MISSING
    backend: Any = MISSING
    llm: Any = MISSING

    def __post_init__(self) -> None:
        require(self.task in TASKS, f"task must be one of {', '.join(TASKS)}", self.task)
        require(self.limit >= 0, "limit must be >= 0", self.limit)
        require(self.turns >= 1, "turns must be >= 1", self.turns)
        require(self.retries >= 0, "retries must be >= 0", self.retries)
        require(self.workers >= 1, "workers must be >= 1", self.workers)
        require(self.cache_gib > 0, "cache_gib must be > 0", self.cache_gib)


def eval_config(config: DictConfig) -> EvalConfig:
    """Turn a composed configuration into plain dataclasses: every group holds its `Choice`, every path is absolute.

    Raises:
        ConfigError: a value breaks its rule.
    """
    values = composed(EvalConfig, config, _GROUPS)
    asked = HumanEvalConfig(**{**values["humaneval"], "k": tuple(values["humaneval"]["k"])})
    trust = TrustConfig(**values["trust"])
    return EvalConfig(**{**values, **located(values, PATHS), "trust": trust, "humaneval": asked})


def register_evaluation() -> None:
    """Give Hydra the schema of `cgm-eval`, as `schema/evaluation`."""
    ConfigStore.instance().store(group="schema", name="evaluation", node=EvalConfig)


def make_judge(choice: Choice, backend: Backend, *, cache_dir: Path, trust: TrustConfig, retries: int) -> Judge:
    """A judge whose verdicts are kept under the backend's settings and the code of this checkout."""
    identity = [choice.identity(), *map(code_version, _CODE)]
    cache = StageCache(cache_dir / "stages")
    return Judge(backend, cache=cache, identity=identity, trust=trust, retries=retries, pause=_pause)


def _pause(attempt: int) -> None:
    """Wait before the next attempt, longer each time."""
    time.sleep(min(_LONGEST_PAUSE, 2.0**attempt))
