"""The table of specifications that release 4 of the harness held, for datasets whose rows carry none.

Knows in which release it lies and how to ask that release, in an environment of its own that uv makes and forgets.
Does not know what the table means (`eval.swebench.specification`).
"""

import json
import shutil
import subprocess
import sys
from pathlib import Path

from cgm.errors import ConfigError, SandboxError
from cgm.store import write_text

RELEASE = "4.1.0"
_SECONDS = 900
# runs where nothing of ours is installed
_ASK = """
import json, sys
from swebench.harness.constants import MAP_REPO_TO_REQS_PATHS, MAP_REPO_VERSION_TO_SPECS
from swebench.harness.log_parsers import MAP_REPO_TO_PARSER
parsers = {repo: parser.__name__ for repo, parser in MAP_REPO_TO_PARSER.items()}
table = {"specs": MAP_REPO_VERSION_TO_SPECS, "requirement_paths": MAP_REPO_TO_REQS_PATHS, "parsers": parsers}
json.dump(table, sys.stdout, default=list)
"""


def fetch_table(path: Path) -> int:
    """Write the table as JSON and give back how many repositories it has; downloads the release.

    Raises:
        ConfigError: there is no uv.
        SandboxError: the release cannot be installed or asked.
        StorageError: the table cannot be written.
    """
    program = shutil.which("uv") or shutil.which("uv", path=str(Path(sys.executable).parent))
    if program is None:
        raise ConfigError("the table of specifications is fetched with uv, which is not on the PATH")
    command = [program, "--no-config", "run", "--quiet", "--isolated", "--no-project"]
    command += ["--python", sys.executable, "--with", f"swebench=={RELEASE}", "python", "-I", "-c", _ASK]
    try:
        done = subprocess.run(command, capture_output=True, timeout=_SECONDS, check=False)  # noqa: S603 - our own words
        table = json.loads(done.stdout)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise SandboxError(f"uv cannot ask swebench {RELEASE}: {error}") from error
    except ValueError as error:
        said = done.stderr.decode("utf-8", "replace").strip().splitlines()[-3:]
        raise SandboxError(f"uv cannot ask swebench {RELEASE}: {' | '.join(said)}") from error
    write_text(path, json.dumps(table, sort_keys=True))
    return len(table["specs"])
