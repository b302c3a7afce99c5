"""The one exception tree of the project.

    CgmError
    |-- ConfigError             a setting has a meaningless value
    |-- InputError              what the user handed in cannot be used
    |   |-- RepositoryError     a folder, git directory or commit
    |   |-- IssueError          an issue text
    |   |-- DatasetError        a JSON-lines file of issues, gold or predictions
    |   `-- GraphFormatError    a code graph in an interchange format
    |-- ParseError              a source file that cannot be turned into facts
    |-- ModelError              a language or embedding model
    |   |-- ModelUnavailableError  down, timed out, refused, or its weights are absent
    |   `-- AnswerError         it answered something unusable
    |-- PatchError              an edit does not match, breaks the syntax, or leaves the repository
    |-- SandboxError            a check cannot be isolated or did not finish
    |-- WorkerError             a process of a run died
    `-- StorageError            a file of ours cannot be read or written
        `-- ArtifactError       a stored artifact is damaged or of another shape

A message is one line that names the thing, the rule and the value. The runner turns a `CgmError` of one
instance into a `Failure`; everything else stops the run.
"""


class CgmError(Exception):
    """Anything the project itself refuses or fails at."""


class ConfigError(CgmError):
    """A setting has a meaningless value; the message names key, rule and value."""


class InputError(CgmError):
    """What the user handed in cannot be used."""


class RepositoryError(InputError):
    """A folder, git directory or commit cannot be read as a repository."""


class IssueError(InputError):
    """An issue is missing or empty."""


class DatasetError(InputError):
    """A JSON-lines input is malformed; the message names file and line."""


class GraphFormatError(InputError):
    """A code graph in an interchange format breaks that format."""


class ParseError(CgmError):
    """A source file cannot be turned into facts."""


class ModelError(CgmError):
    """A language or embedding model failed."""


class ModelUnavailableError(ModelError):
    """A model is down, timed out, refused the request, or its weights are absent."""


class AnswerError(ModelError):
    """A model answered something that cannot be used."""


class PatchError(CgmError):
    """An edit does not match, breaks the syntax, or would leave the repository."""


class SandboxError(CgmError):
    """A check cannot be isolated or did not finish."""


class WorkerError(CgmError):
    """A process of a run died."""


class StorageError(CgmError):
    """A file of the project's own cannot be read or written."""


class ArtifactError(StorageError):
    """A stored artifact is damaged or has another shape."""


def require(holds: bool, rule: str, value: object) -> None:
    """Refuse a setting whose rule does not hold; `rule` reads "rewriter.max_queries must be >= 1".

    Raises:
        ConfigError: `holds` is false.
    """
    if not holds:
        raise ConfigError(f"{rule}, got {value!r}")
