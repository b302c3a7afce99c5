"""What all commands share: a composed configuration handed to a job, refusals in one line, exit codes.

Knows Hydra, signals and the log on stderr. Does not know what any job does.
"""

import logging
import os
import sys
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import hydra
from hydra.core.hydra_config import HydraConfig
from hydra.errors import HydraException
from hydra.types import RunMode
from omegaconf import DictConfig
from omegaconf.errors import OmegaConfBaseException

from cgm.errors import CgmError
from launch.arguments import expanded, quote_arguments
from launch.console import printable
from launch.refusal import explain
from launch.schema import register

Job = Callable[[DictConfig, Path], int]
_log = logging.getLogger(__name__)


def run_command(job: Job, config_name: str) -> int:
    """Compose the configuration of each job of the command line and run it; the highest exit code."""
    codes: list[int] = []
    # Hydra would print its own errors over several lines and leave
    os.environ["HYDRA_FULL_ERROR"] = "1"
    _log_to_stderr()
    sys.argv[1:] = quote_arguments(sys.argv[1:])
    register()
    app = hydra.main(version_base="1.3", config_path="pkg://conf", config_name=config_name)
    try:
        app(lambda config: _guarded(job, config, codes))()
    except (HydraException, OmegaConfBaseException) as error:
        return refuse(explain(error))
    except OSError as error:
        if codes:
            raise
        return refuse(f"run_dir must be a folder that can be written: {error}")
    except KeyboardInterrupt:
        return 130
    return max(codes, default=0)


def _log_to_stderr() -> None:
    logging.basicConfig(format="%(message)s", stream=sys.stderr, force=True)
    for name in ("launch", "cgm"):
        logging.getLogger(name).setLevel(logging.INFO)


def default_cache() -> Path:
    """The folder of ours in the user's cache folder."""
    return Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser() / "r4"


def located(values: Mapping[str, Any], names: Iterable[str]) -> dict[str, Any]:
    """The settings of some names that are paths, a `~` expanded; `cache_dir` absolute, ours where it is empty."""
    paths = {name: expanded(values[name]) for name in names}
    return paths | {"cache_dir": str(Path(paths["cache_dir"] or default_cache()).absolute())}


def _guarded(job: Job, config: DictConfig, codes: list[int]) -> None:
    codes.append(1)  # until it is known to be better
    hydra_config = HydraConfig.get()
    folder = Path(hydra_config.runtime.output_dir)
    if hydra_config.mode is RunMode.MULTIRUN:
        _log.info("run %d: %s", hydra_config.job.num, hydra_config.job.override_dirname)
    try:
        codes[-1] = job(config, folder)
    except (CgmError, OmegaConfBaseException) as error:
        # Hydra makes the folder before anyone has looked at the settings
        with suppress(OSError):
            folder.rmdir()
        refuse(explain(error))
    except KeyboardInterrupt:
        _log.error("interrupted; the same command with run_dir=%s goes on from here", folder)
        raise


def refuse(message: str) -> int:
    """Say on stderr what was refused; the exit code."""
    _log.error("error: %s", printable(message))
    return 1
