"""How a page is put together: one file that needs no other, with a policy that lets it run its own script alone.

Knows templates, escaping and the policy. Does not know what any page shows. Repository and issue are untrusted: text
reaches a page escaped or as JSON in which no character can end its element.
"""

import base64
import hashlib
import json
from collections.abc import Callable, Sequence
from importlib import resources
from typing import Any

from jinja2 import Environment, FunctionLoader, StrictUndefined
from markupsafe import Markup


def template_text(name: str) -> str:
    """The text of a template of ours."""
    return resources.files("eval.report").joinpath("templates", f"{name}.jinja").read_text(encoding="utf-8")


def environment(filters: dict[str, Callable[..., Any]] | None = None) -> Environment:
    """Templates that escape what they are given and refuse what they are not."""
    made = Environment(
        loader=FunctionLoader(template_text),
        undefined=StrictUndefined,
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters.update(filters or {})
    return made


def render(made: Environment, page: str, styles: Sequence[str], scripts: Sequence[str], **values: Any) -> str:
    """Render `page` with its styles and scripts within; `values["data"]` becomes the JSON that the scripts read."""
    data = values.pop("data")
    style = "\n".join(made.get_template(name).render() for name in styles)
    script = "\n".join(['"use strict";', "(() => {", *map(template_text, scripts), "})();"])
    return made.get_template(page).render(
        **values,
        # our own style and script, and data in which no character can end its element
        style=Markup(style),  # noqa: S704
        style_hash=_hash(style),
        script=Markup(script),  # noqa: S704
        script_hash=_hash(script),
        data=Markup(_safe_json(data)),  # noqa: S704
        data_nodes=len(data["nodes"]),
        data_edges=len(data["edges"]),
    )


def render_still(made: Environment, page: str, styles: Sequence[str], **values: Any) -> str:
    """Render `page` with its styles within; no script may run on it."""
    style = "\n".join(made.get_template(name).render() for name in styles)
    shown = Markup(style)  # noqa: S704 - our own
    return made.get_template(page).render(**values, style=shown, style_hash=_hash(style), script_hash="")


def _hash(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _safe_json(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=True, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
