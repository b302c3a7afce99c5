"""The keys of servers: where they come from, and that no message shows them.

Does not know any server.
"""

import os

from cgm.errors import ConfigError
from cgm.weights import first_line


def read_key(group: str, variable: str) -> str:
    """Read a key from the environment variable that `<group>.key_variable` names; empty for a server without keys.

    Raises:
        ConfigError: the variable is not set, or holds what no server takes as a key.
    """
    key = os.environ.get(variable, "").strip() if variable else ""
    if variable and not key:
        raise ConfigError(
            f"{group}.key_variable must name an environment variable that holds the key, got {variable!r}, which is "
            f"not set; {group}.key_variable='' for a server without keys"
        )
    if not (key.isascii() and key.isprintable()):
        raise ConfigError(f"{group}.key_variable must hold a key of printable ASCII, got another text in {variable!r}")
    return key


def without_key(message: object, key: str) -> str:
    """A server's words on one line, without the key, which some servers repeat."""
    text = str(message)
    return first_line(text.replace(key, "<key>") if key else text)
