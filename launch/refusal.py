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
            raise ConfigError(_unknown(f"{prefix}{name}", [f"{prefix}{item}" for item in known], "setting"))


def explain(error: Exception) -> str:
    """Put an error in one line; the nearest valid name is offered for a misspelt one."""
    if isinstance(error, OverrideParseException):
        return f"an override must read KEY=VALUE, with special characters in quotes of its own, got {error.override!r}"
    if isinstance(error, MissingConfigException) and error.missing_cfg_file:
        group, _, name = error.missing_cfg_file.rpartition("/")
        return f"{group}: " + _unknown(name, error.options or (), "option")
    cause = error.__cause__ or error
    if isinstance(cause, ConfigAttributeError | ConfigKeyError) and dataclasses.is_dataclass(cause.object_type):
        key = str(cause.full_key)
        prefix = key.rpartition(".")[0]
        known = [item.name for item in dataclasses.fields(cause.object_type)]
        return _unknown(key, [f"{prefix}.{name}".lstrip(".") for name in known], "setting")
    line = str(error if isinstance(error, CgmError) else cause).partition("\n")[0]
    if isinstance(cause, OmegaConfBaseException) and cause.full_key:
        return f"{cause.full_key}: {line}"
    return line


def _unknown(given: str, known: Collection[str], what: str) -> str:
    near = get_close_matches(given, known, n=1)
    hint = f"did you mean {near[0]}?" if near else f"known: {', '.join(known)}"
    return f"{given} is no {what}; {hint}"
