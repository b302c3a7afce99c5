"""How a refused command line is put: one line that names the setting and the rule.

Knows the errors of Hydra and OmegaConf. Does not know what any setting means.
"""

import dataclasses
from collections.abc import Collection, Iterable
from difflib import get_close_matches

from hydra.errors import MissingConfigException, OverrideParseException
from omegaconf.errors import ConfigAttributeError, ConfigKeyError, OmegaConfBaseException

from cgm.errors import CgmError, ConfigError


def refuse_unknown(names: Iterable[str], known: Collection[str], prefix: str = "") -> None:
    """Refuse a setting that does not exist.

    Raises:
        ConfigError: a name is not among those known; the message has the nearest one.
    """
    for name in names:
        if name not in known:
            raise ConfigError(_unknown(name, known, "setting", prefix))


def explain(error: Exception) -> str:
    """Put an error in one line; the nearest valid name is offered for a misspelt one."""
    if isinstance(error, OverrideParseException):
        return f"an override must read KEY=VALUE, with special characters in quotes of its own, got {error.override!r}"
    if isinstance(error, MissingConfigException) and error.missing_cfg_file:
        group, _, name = error.missing_cfg_file.rpartition("/")
        return _unknown(name, error.options or (), "option", f"{group}=")
    cause = error.__cause__ or error
    if isinstance(cause, ConfigAttributeError | ConfigKeyError) and dataclasses.is_dataclass(cause.object_type):
        prefix, dot, name = str(cause.full_key).rpartition(".")
        known = [item.name for item in dataclasses.fields(cause.object_type)]
        return _unknown(name, known, "setting", prefix + dot)
    line = str(error if isinstance(error, CgmError) else cause).partition("\n")[0]
    if line.startswith("Ambiguous value for argument"):
        return f"{line}; to run each of them: cgm -m"
    if isinstance(cause, OmegaConfBaseException) and cause.full_key:
        return f"{cause.full_key}: {line}"
    return line


def _unknown(given: str, known: Collection[str], what: str, prefix: str) -> str:
    near = get_close_matches(given, known, n=1)
    hint = f"did you mean {prefix}{near[0]}?" if near else f"known: {', '.join(known)}"
    return f"{prefix}{given} is no {what}; {hint}"
