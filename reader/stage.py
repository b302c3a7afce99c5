"""Stage 4: ask a chat model for edits until one makes a patch.

Knows what an issue's search is made of: what is shown, the form of edits, and what repairs are tried by. Does not know
how answers are drawn (`reader.search`), nor which of them is taken (`reader.attempts`).
"""

import re

from cgm.artifacts import Issue, Patch, Ranking, Subgraph
from cgm.errors import InputError, require
from cgm.protocols import LLM, Bench, Check, Codebase
from cgm.text import split_lines
from cgm.text_graph import TextGraph, build_text_graph
from reader.attempts import Attempt, best_patch
from reader.context import Context, Limits, build_context, split_context
from reader.evidence import Examiner
from reader.example import example_check
from reader.focus import focus_statements
from reader.forms import FORMS
from reader.search import Search
from reader.settings import RepairConfig

_SIZE = re.compile(r"(?<![\w.])(\d+(?:\.\d+)?)b(?![a-z])", re.IGNORECASE)
_SMALL = 4.0  # billions of parameters up to which a model needs its edits constrained


class RepairReader:
    """Repairs by a chat model: draws answers, keeps what applies and parses, and takes the best.

    The first repair that passes the check and breaks no test ends the search. Without one that is taken which breaks
    the fewest tests, of these the most frequent one. `bench` runs tests and code of the issue's repository.

    Raises:
        ConfigError: the settings ask for tests or the issue's example, and there is nothing to run them.
    """

    def __init__(
        self, config: RepairConfig, *, llm: LLM, check: Check | None = None, bench: Bench | None = None
    ) -> None:
        needed = "reader.test_files and reader.examples need tests that run on this machine: backend=local"
        require(not config.runs_code or bench is not None, needed, "no such backend")
        self.config = config
        self._llm = llm
        self._check = check
        self._bench = bench if config.runs_code else None
        name = choose_form(llm.name) if config.edit_form == "auto" else config.edit_form
        self._form = FORMS[name]

    def read(self, issue: Issue, subgraph: Subgraph, ranking: Ranking, codebase: Codebase) -> Patch:
        """Repair the code; the diff is empty where no answer gave a patch.

        Raises:
            InputError: the code passes the check as it is.
            SandboxError: the check or the tests cannot be run on the code as it is.
            ModelError: the model cannot be reached or does not answer, and gave no answer before.
        """
        config = self.config
        check = self._check_of(issue)
        context = build_context(ranking, subgraph, codebase, _limits(config))
        examiner = Examiner(issue, codebase.graph, check=check, bench=self._bench, test_files=config.test_files)
        search = Search(config, self._form, self._llm, examiner)
        views = self._views(context, issue, checked=check is not None) if context.snippets else ()
        if views:
            search.run(issue, views, self._graph(subgraph, codebase))
        else:
            search.attempts.append(Attempt("", None, "the ranking names nothing that may be edited in this form"))
        return best_patch(issue, self._llm.name, search.attempts, search.usage)

    def _check_of(self, issue: Issue) -> Check | None:
        """The check that is given, which must fail on the code as it is, else the issue's own example."""
        if self._check:
            if self._check.run({}).passed:  # so would any repair: say so before a model is asked
                raise InputError("check must fail on the code as it is, got a pass")
            return self._check
        return example_check(issue, self._bench) if self._bench and self.config.examples else None

    def _graph(self, subgraph: Subgraph, codebase: Codebase) -> TextGraph | None:
        """The subgraph, for a model that reads graphs; None for one that reads text alone, or without a subgraph."""
        most = self._llm.graph_nodes
        if not (most and subgraph.nodes):
            return None
        return build_text_graph(codebase.graph, subgraph, lambda path: split_lines(codebase.sources.read(path)), most)

    def _views(self, context: Context, issue: Issue, *, checked: bool) -> tuple[Context, ...]:
        """What each request shows, likely ones first."""
        config = self.config
        if not self._form.focused:
            return (split_context(context) if config.separate else (context,))[: config.samples]
        focused = focus_statements(split_context(context), issue.problem_statement, config.statements)
        # answers about different lines: nothing but a check can tell them apart, so without one ask for few
        return focused[: config.samples if checked else min(config.samples, config.statements)]


def _limits(config: RepairConfig) -> Limits:
    return Limits(
        tokens=config.context_tokens,
        functions=config.functions,
        files=config.files,
        neighbours=config.neighbours,
        tests=config.edit_tests,
        new_files=config.new_files,
        docstrings=config.docstrings,
    )


def choose_form(model: str) -> str:
    """Choose an edit form by the size in a model's name: constrained lines for a small one."""
    sizes = [float(size) for size in _SIZE.findall(model.replace("-", " ").replace("_", " "))]
    return "lines" if sizes and max(sizes) <= _SMALL else "search_replace"
