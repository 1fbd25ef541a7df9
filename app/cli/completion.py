"""`groundswell completion`: what a shell needs to complete commands."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(context: click.Context, shell: str) -> None:
    """Print a script that completes commands and options.

    For bash: eval "$(groundswell completion bash)"
    """
    found = get_completion_class(shell)
    assert found is not None  # noqa: S101  # click knows the three
    root = context.find_root().command
    click.echo(found(root, {}, "groundswell", "_GROUNDSWELL_COMPLETE").source())
