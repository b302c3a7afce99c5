"""Exit 0 if objects that are no strings can be styled and printed."""

import sys
from pathlib import PurePosixPath

import click
from click.testing import CliRunner


@click.command()
def show() -> None:
    """Print a number, a path and a text in style."""
    click.secho(42, fg="green")
    click.secho(PurePosixPath("a/b"), bold=True)
    click.secho("text", fg="red")


problems = []
result = CliRunner().invoke(show, color=True)
expected = "\x1b[32m42\x1b[0m\n\x1b[1ma/b\x1b[0m\n\x1b[31mtext\x1b[0m\n"
if result.exception or result.output != expected:
    problems.append(f"secho: expected {expected!r}, got {result.output!r} and {result.exception!r}")
for text, reset, wanted in ((1.5, True, "1.5\x1b[0m"), ("x", False, "x")):
    try:
        styled = click.style(text, reset=reset)
    except TypeError as error:
        styled = repr(error)
    if styled != wanted:
        problems.append(f"style: expected {wanted!r}, got {styled!r}")
print("\n".join(problems) or "ok: every object can be styled")
sys.exit(1 if problems else 0)
