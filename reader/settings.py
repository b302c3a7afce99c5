"""The settings of the Reader that asks a chat model.

Knows their names, defaults and rules. Does not know what they do (`reader.stage`, `reader.search`).
"""

from dataclasses import dataclass

from cgm.errors import require
from reader.forms import FORMS


@dataclass
class RepairConfig:
    """Settings of `RepairReader`; token counts are estimates."""

    edit_form: str = (
        "auto"  # search_replace, whole_function, lines (constrained); auto: by the size in the model's name
    )
    samples: int = 4  # answers at most, retries not counted; the first of each request is greedy
    batch: int = 4  # answers drawn at once after the greedy one
    temperature: float = 0.8  # of all answers but the greedy one
    retries: int = 1  # times that an answer which gives no patch is sent back with the error
    max_tokens: int = 2048  # of one answer
    context_tokens: int = 8000  # of the code shown
    issue_tokens: int = 2000  # of the issue shown
    functions: int = 10  # ranked functions shown at most
    files: int = 5  # ranked files shown, as far as they fit
    neighbours: int = 10  # signatures of callers and callees shown
    statements: int = 8  # of one function, where the form asks for one statement at a time
    docstrings: bool = True  # whether they are shown; without them a small budget holds more code
    separate: bool = False  # one request for each function, without the rest of the context
    edit_tests: bool = False  # whether test files are shown and may be edited
    new_files: bool = False  # whether search/replace blocks may make files
    test_files: int = 0  # test files near a repair whose tests are run before and after it; needs backend=local
    examples: bool = False  # whether the issue's own code is a check where it fails as told; needs backend=local
    refine: int = 0  # times that a repair which fails the check or breaks tests is sent back with what they said
    seed: int = 0

    @property
    def runs_code(self) -> bool:
        """Whether repairs are run on the repository's tests or the issue's example."""
        return self.test_files > 0 or self.examples

    def __post_init__(self) -> None:
        forms = ("auto", *FORMS)
        require(self.edit_form in forms, f"reader.edit_form must be one of {', '.join(forms)}", self.edit_form)
        for name in ("samples", "batch", "statements", "max_tokens", "context_tokens", "issue_tokens"):
            require(getattr(self, name) >= 1, f"reader.{name} must be >= 1", getattr(self, name))
        for name in ("temperature", "retries", "functions", "files", "neighbours", "test_files", "refine", "seed"):
            require(getattr(self, name) >= 0, f"reader.{name} must be >= 0", getattr(self, name))
        require(self.functions + self.files >= 1, "reader.functions + reader.files must be >= 1", 0)
