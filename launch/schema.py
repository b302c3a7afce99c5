"""The option table: every option of every group, its schema, and how it is built.

Knows where the class of each option lies and how Hydra's configuration becomes plain dataclasses. Does not know what
any option does, nor in which order stages run (`launch.pipeline`).
"""

import dataclasses
import importlib
import inspect
import typing
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from hydra.core.config_store import ConfigStore
from omegaconf import MISSING, DictConfig, OmegaConf

from cgm.errors import ConfigError, require
from eval.report.neighbourhood import PageConfig
from launch.refusal import refuse_unknown

STAGES = ("preprocessing", "rewriter", "retriever", "reranker", "reader")
SERVICES = ("embedder", "llm", "backend")
EXPORTS = ("page", "jsonl", "cgm_json", "graphml", "unlinked")


@dataclass(frozen=True)
class Option:
    """A choice within a group; `target` is `module:Class`, empty for an option that is nothing at all."""

    group: str
    name: str
    target: str = ""


# The option table. To add an option: a class, a line here, and conf/<group>/<name>.yaml.
OPTIONS = (
    Option("llm", "none"),
    Option("llm", "openai", "cgm.llm:OpenAILLM"),
    Option("llm", "local", "cgm.llm:LocalLLM"),
    Option("llm", "replay", "cgm.recorded:ReplayLLM"),
    Option("llm", "code_graph_model", "cgm.model.llm:CodeGraphLLM"),
    Option("preprocessing", "tree_sitter", "preprocessing.stage:CodeGraphPreprocessor"),
    Option("rewriter", "heuristic", "rewriter.stage:HeuristicRewriter"),
    Option("rewriter", "llm", "rewriter.stage:LLMRewriter"),
    Option("retriever", "bm25", "retriever.stage:BM25Retriever"),
    Option("retriever", "dense", "retriever.stage:DenseRetriever"),
    Option("retriever", "names", "retriever.stage:NamesRetriever"),
    Option("retriever", "hybrid", "retriever.stage:HybridRetriever"),
    Option("reranker", "none", "reranker.stage:NoneReranker"),
    Option("reranker", "heuristic", "reranker.stage:HeuristicReranker"),
    Option("reranker", "llm", "reranker.stage:LLMReranker"),
    Option("embedder", "none"),
    Option("embedder", "lsa", "cgm.embedder:LsaEmbedder"),
    Option("embedder", "sentence_transformer", "cgm.embedder:SentenceTransformerEmbedder"),
    Option("embedder", "openai", "cgm.embedder:OpenAIEmbedder"),
    Option("backend", "none"),
    Option("backend", "local", "eval.swebench.local:LocalBackend"),
    Option("backend", "docker", "eval.docker.containers:DockerBackend"),
    Option("reader", "none"),
    Option("reader", "repair", "reader.stage:RepairReader"),
    Option("reader", "repair_small", "reader.stage:RepairReader"),
)


@dataclass
class NoSettings:
    """The schema of an option without settings."""


@dataclass
class RunConfig:
    """What a run works on and where it keeps things; a field of each group holds the chosen option's settings."""

    repo: str = ""  # a git repository or a plain folder; with `issue`, unless preprocessing runs alone
    issue: str = ""  # a file with the text of the issue
    commit: str = ""  # empty: the folder as it lies on disk, or HEAD of a bare repository
    dataset: str = ""  # a JSON-lines file of SWE-bench rows; with `repos`
    repos: str = ""  # the folder of <owner>__<name> git directories
    ids: str = ""  # a file of instance ids: run these alone
    limit: int = 0  # run the first so many instances; 0 runs all
    gold: str = ""  # a JSON-lines file of gold locations; gives metrics.json
    table: str = ""  # of a backend: specifications for rows that carry none; empty: what cgm-eval task=table made
    check: str = ""  # a reproduction script: fails before the repair, passes after
    record: str = ""  # append what the language model answers to this file, for llm=replay; with a fresh cache_dir
    isolation: str = "auto"  # of the check: bwrap, unshare, the first of these that works (auto), or none
    stages: list[str] = field(default_factory=lambda: list(STAGES))  # the chain, or its beginning
    export: list[str] | None = (
        None  # forms of a single repository's graph; null: page and jsonl after preprocessing alone
    )
    page: PageConfig = field(default_factory=PageConfig)  # which part of the graph the exported page shows
    workers: int = 1  # processes
    cache_dir: str = ""  # empty: r4 in the user's cache folder
    cache_gib: float = 20.0  # the stage cache drops its oldest entries beyond this size
    run_dir: str = MISSING
    preprocessing: Any = MISSING
    rewriter: Any = MISSING
    retriever: Any = MISSING
    reranker: Any = MISSING
    reader: Any = MISSING
    embedder: Any = MISSING
    llm: Any = MISSING
    backend: Any = MISSING

    def __post_init__(self) -> None:
        require(self.limit >= 0, "limit must be >= 0", self.limit)
        require(self.workers >= 1, "workers must be >= 1", self.workers)
        require(self.cache_gib > 0, "cache_gib must be > 0", self.cache_gib)
        unknown = [stage for stage in self.stages if stage not in STAGES]
        require(not unknown, f"stages must be among {', '.join(STAGES)}", ", ".join(unknown))
        begins = bool(self.stages) and tuple(self.stages) == STAGES[: len(self.stages)]
        require(begins, f"stages must be the beginning of {', '.join(STAGES)}", ", ".join(self.stages))
        strange = [name for name in self.export or () if name not in EXPORTS]
        require(not strange, f"export must be among {', '.join(EXPORTS)}", ", ".join(strange))

        self._check_backend()

    def _check_backend(self) -> None:
        if isinstance(self.backend, Choice) and self.backend.option.target:
            patched = self.dataset and "reader" in self.stages and self.reader.option.target
            require(bool(patched), "backend must be none without a dataset and a reader", self.backend.option.name)

    @property
    def graph_alone(self) -> bool:
        """Whether the run ends with the code graph."""
        return self.stages == ["preprocessing"]


@dataclass(frozen=True)
class Choice:
    """An option with its settings as a plain dataclass."""

    option: Option
    config: Any

    def identity(self) -> dict[str, Any]:
        """What distinguishes this choice from any other, JSON-ready."""
        return {"group": self.option.group, "option": self.option.name, "config": dataclasses.asdict(self.config)}


def find_option(group: str, name: str) -> Option:
    """Look an option up in the table."""
    return next(option for option in OPTIONS if (option.group, option.name) == (group, name))


def load_class(option: Option) -> type[Any]:
    """Import the class of an option."""
    module, _, name = option.target.partition(":")
    loaded: type[Any] = getattr(importlib.import_module(module), name)
    return loaded


def config_class(option: Option) -> type[Any]:
    """The dataclass that the option's constructor takes as `config`."""
    if not option.target:
        return NoSettings
    hints = typing.get_type_hints(load_class(option).__init__)
    found: type[Any] = hints.get("config", NoSettings)
    return found


def wanted_services(option: Option) -> dict[str, bool]:
    """The services that the option's constructor asks for by keyword, and whether each must be there."""
    if not option.target:
        return {}
    constructor = load_class(option).__init__
    hints = typing.get_type_hints(constructor)
    keywords = [
        name
        for name, parameter in inspect.signature(constructor).parameters.items()
        if parameter.kind is inspect.Parameter.KEYWORD_ONLY
    ]
    return {name: type(None) not in typing.get_args(hints[name]) for name in keywords}


def build(choice: Choice, services: Mapping[str, Any]) -> Any:
    """Construct a chosen option with the services that it asks for; None for an option that is nothing at all.

    Raises:
        ConfigError: a service that must be there is not configured.
    """
    option = choice.option
    if not option.target:
        return None
    wanted = wanted_services(option)
    for name, needed in wanted.items():
        if needed and services.get(name) is None:
            raise ConfigError(f"{option.group}={option.name} needs {name}: set {name}=OPTION, got {name}=none")
    arguments = {name: services.get(name) for name in wanted}
    cls = load_class(option)
    takes_config = "config" in inspect.signature(cls).parameters
    return cls(choice.config, **arguments) if takes_config else cls(**arguments)


def choice_of(group: str, node: DictConfig) -> Choice:
    """Turn a composed group into a plain dataclass.

    Raises:
        ConfigError: a value breaks its rule.
    """
    schema = OmegaConf.get_type(node)
    chosen = getattr(schema, "option", None)
    require(chosen == node.get("option"), f"{group}.option names the choice {group}={chosen}", node.get("option"))
    option = find_option(group, node.option)
    values = plain(node)
    del values["option"]
    config = config_class(option)
    refuse_unknown(values, [item.name for item in dataclasses.fields(config)], f"{group}.")
    return Choice(option, config(**values))


def run_config(config: DictConfig) -> RunConfig:
    """Turn a composed configuration into plain dataclasses: every group holds its `Choice`.

    Raises:
        ConfigError: a value breaks its rule.
    """
    values = composed(RunConfig, config, (*STAGES, *SERVICES))
    return RunConfig(**{**values, "page": PageConfig(**values["page"])})


def composed(schema: type[Any], config: DictConfig, groups: Iterable[str]) -> dict[str, Any]:
    """The values of a command's composed configuration, every group as its `Choice`.

    Raises:
        ConfigError: a setting is not in the schema, or the value of an option breaks its rule.
    """
    refuse_unknown(map(str, config), [item.name for item in dataclasses.fields(schema)])
    chosen = {group: choice_of(group, config[group]) for group in groups}
    return plain(config) | chosen


def plain(node: DictConfig) -> dict[str, Any]:
    """The resolved settings of a node."""
    return typing.cast("dict[str, Any]", OmegaConf.to_container(node, resolve=True))


def describe_choices(*groups: str) -> str:
    """A line for each group, or each of those named, with the names of its options."""
    wanted = groups or (*STAGES, *SERVICES)
    names = {group: [option.name for option in OPTIONS if option.group == group] for group in wanted}
    return "\n".join(f"  {group:14} {', '.join(options)}" for group, options in names.items())


def register() -> None:
    """Give Hydra the schema of the run and of every option, as `schema/<group>/<option>`, and the help its choices."""
    OmegaConf.register_new_resolver("choices", describe_choices, replace=True)
    store = ConfigStore.instance()
    store.store(group="schema", name="run", node=RunConfig)
    for option in OPTIONS:
        store.store(group=f"schema/{option.group}", name=option.name, node=_schema(option))


def _schema(option: Option) -> type[Any]:
    """The option's config class with its name beside the settings, so that config.yaml describes itself."""
    base = config_class(option)
    named = ("option", str, field(default=option.name))
    return dataclasses.make_dataclass(base.__name__, [named], bases=(base,))
