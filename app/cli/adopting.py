"""Commands reach the `make run` of their folder where no server is named to them."""

from __future__ import annotations

import os
import sys
from collections.abc import MutableMapping

import click

from app.runtime.running import find_running

ON_THEIR_OWN = frozenset({"completion", "dev"})
"""Commands that need no server, or bring them."""


def adopt_running(command: str | None, environ: MutableMapping[str, str] = os.environ) -> None:
    """Set the addresses of the running `make run`, unless some are given; say so on a terminal."""
    if command in ON_THEIR_OWN or environ.get("DATABASE_URL") or environ.get("REDIS_URL"):
        return
    found = find_running()
    if found is None:
        return
    environ["DATABASE_URL"] = found.database_url
    environ["REDIS_URL"] = found.redis_url
    environ.setdefault("GROUNDSWELL_ADMIN_KEY", found.admin_key)
    if sys.stderr.isatty():
        click.echo(f"(of the make run at {found.url})", err=True)
