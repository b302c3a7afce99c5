"""How an instance of SWE-bench is installed and tested, from what its row carries or from a table of specifications.

Knows the fields of rows of both generations (an evaluation script of its own, or a repository and version to look up)
and what test command they lead to. Does not know the installed harness (`eval.swebench.harness`), nor how anything is
run.
"""

import json
import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cgm.errors import DatasetError

Specs = Mapping[str, Mapping[str, Mapping[str, Any]]]

START, END, EXIT_CODE = ">>>>> Start Test Output", ">>>>> End Test Output", ">>>>> Test Exit Code"
# without the network, into an environment that holds all it needs
INSTALL = "python -m pip install -q --no-deps --no-build-isolation --no-index --disable-pip-version-check -e ."
# files that a test patch may touch without being tests; "csv" has no dot in the harness either
_DATA_ENDINGS = (".json", ".png", "csv", ".txt", ".md", ".jpg", ".jpeg", ".pkl", ".yml", ".yaml", ".toml")
_NEEDED = ("instance_id", "repo", "base_commit", "test_patch", "FAIL_TO_PASS", "PASS_TO_PASS")
_TOUCHED = re.compile(r"^diff --git a/.* b/(.*)$", re.MULTILINE)
_EXTRAS = re.compile(r"""(?:^|\s)['"]?\.(\[[\w,. -]+\])""")


@dataclass(frozen=True)
class Specification:
    """What one instance needs: an interpreter, packages, how the project is installed, and what runs its tests.

    `packages` are requirements for an index; `requirements` names how those that the repository lists are to be read
    (requirements.txt, environment.yml, or nothing). `extras` is as in `.[dev]`. `prepare` are shell commands of the
    specification that change the files before the installation. `log_parser` is empty where the harness knows it by
    the repository.
    """

    instance_id: str
    repo: str
    version: str
    base_commit: str
    environment_commit: str
    test_patch: str
    fail_to_pass: tuple[str, ...]
    pass_to_pass: tuple[str, ...]
    python: str
    packages: tuple[str, ...]
    requirements: str
    extras: str
    prepare: tuple[str, ...]
    test_command: str
    log_parser: str = ""
    eval_type: str = "pass_and_fail"


def specification(row: Mapping[str, Any], specs: Specs) -> Specification:
    """Read a row's specification; what the row itself carries wins over the table.

    Raises:
        DatasetError: the row lacks a field, or neither it nor the table says how its tests run.
    """
    missing = [name for name in _NEEDED if name not in row]
    if missing:
        raise DatasetError(f"{row.get('instance_id', 'a row')}: no {', '.join(missing)}")
    version = str(row.get("version", ""))
    known = dict(specs.get(row["repo"], {}).get(version, {}))
    known |= {name: row[name] for name in ("python", "packages", "pip_packages", "install", "test_cmd") if name in row}
    if "python" not in known:
        where = f"{row['repo']} {version or 'without a version'}"
        raise DatasetError(f"{row['instance_id']}: no specification of {where}; for older rows: cgm-eval task=table")
    packages, requirements = _packages(known)
    return Specification(
        instance_id=row["instance_id"],
        repo=row["repo"],
        version=version,
        base_commit=row["base_commit"],
        environment_commit=row.get("environment_setup_commit") or row["base_commit"],
        test_patch=row["test_patch"],
        fail_to_pass=names_of(row, "FAIL_TO_PASS"),
        pass_to_pass=names_of(row, "PASS_TO_PASS"),
        python=str(known["python"]),
        packages=packages,
        requirements=requirements,
        extras=_first(_EXTRAS, str(known.get("install", ""))),
        prepare=_prepare(known),
        test_command=_test_command(row, known),
        log_parser=str(row.get("log_parser", "")),
        eval_type=str(row.get("eval_type", "pass_and_fail")),
    )


def script_command(script: str) -> str:
    """The lines of an evaluation script that stand between its two markers; empty where one is missing."""
    lines = script.splitlines()
    marks = [number for number, line in enumerate(lines) if START in line or END in line]
    return "\n".join(lines[marks[0] + 1 : marks[1]]) if len(marks) >= 2 else ""


def _packages(known: Mapping[str, Any]) -> tuple[tuple[str, ...], str]:
    listed = str(known.get("packages", ""))
    extra = tuple(str(name) for name in known.get("pip_packages", ()))
    if listed.endswith((".txt", ".yml")):
        return extra, listed
    # one equals sign is how conda pins
    return (*(re.sub(r"(?<![=<>!~])=(?!=)", "==", name) for name in shlex.split(listed)), *extra), ""


def _prepare(known: Mapping[str, Any]) -> tuple[str, ...]:
    """What comes before the installation, less what asks the system's package manager."""
    commands = [*known.get("pre_install", ()), *known.get("eval_commands", ())]
    return tuple(command for command in commands if not re.match(r"\s*(apt|apt-get|sudo)\b", command))


def _test_command(row: Mapping[str, Any], known: Mapping[str, Any]) -> str:
    if row.get("eval_script"):
        command = script_command(row["eval_script"])
        if not command.strip():
            raise DatasetError(f"{row['instance_id']}: its evaluation script has no lines between the two markers")
        return command
    if not known.get("test_cmd"):
        raise DatasetError(f"{row['instance_id']}: neither the row nor the table has a test command")
    command = known["test_cmd"] if isinstance(known["test_cmd"], str) else " && ".join(known["test_cmd"])
    files = [path for path in _TOUCHED.findall(row["test_patch"]) if not path.endswith(_DATA_ENDINGS)]
    return " ".join([command, *map(shlex.quote, directives(row["repo"], files))])


def directives(repo: str, files: Sequence[str]) -> list[str]:
    """Test files as the repository's test command takes them: as modules for Django's own runner."""
    if repo != "django/django":
        return list(files)
    return [path.removesuffix(".py").removeprefix("tests/").replace("/", ".") for path in files]


def names_of(row: Mapping[str, Any], field: str) -> tuple[str, ...]:
    """The tests that a field of a row lists, as a list or as a list in JSON.

    Raises:
        DatasetError: it lists none.
    """
    value = row[field]
    try:
        names = json.loads(value) if isinstance(value, str) else value
    except ValueError as error:
        raise DatasetError(f"{row['instance_id']}: {field} is not a JSON list") from error
    if not isinstance(names, list | tuple) or not all(isinstance(name, str) for name in names):
        raise DatasetError(f"{row['instance_id']}: {field} must list names of tests")
    return tuple(names)


def _first(pattern: re.Pattern[str], text: str) -> str:
    found = pattern.search(text)
    return found.group(1) if found else ""
