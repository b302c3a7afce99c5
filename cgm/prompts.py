"""Prompts as files: one Jinja template per prompt, with a block for each role.

Knows how a template becomes messages. Does not know what any prompt says; those files lie beside their stage.
"""

from importlib import resources
from typing import Any

from jinja2 import Environment, StrictUndefined, Template

from cgm.encoding import encodable
from cgm.protocols import Message

_ROLES = ("system", "user")
# no escaping: a prompt is plain text, and code in it must reach the model as it is
_ENVIRONMENT = Environment(undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)  # noqa: S701


def load_prompt(package: str, name: str) -> Template:
    """Read `prompts/<name>.jinja` of a stage's package."""
    source = resources.files(package).joinpath("prompts", f"{name}.jinja").read_text(encoding="utf-8")
    return _ENVIRONMENT.from_string(source)


def render(template: Template, **values: Any) -> tuple[Message, ...]:
    """Render the blocks `system` and `user` of a template, in that order, as text that can be encoded.

    Raises:
        jinja2.UndefinedError: the template uses a value that is not given.
    """
    context = template.new_context(values)
    return tuple(
        Message(role, encodable("".join(template.blocks[role](context)).strip()))
        for role in _ROLES
        if role in template.blocks
    )
