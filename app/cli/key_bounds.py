"""What `groundswell keys` says of the bounds of a key's events: options, changes, and lists."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar, get_args

import click

from app.access.bounds import OPEN, PUBLIC, TakesBack

if TYPE_CHECKING:
    from collections.abc import Callable

    from app.access.queries import ListedApiKey

Function = TypeVar("Function", bound="Callable[..., object]")

_CHANGEABLE = (
    click.option("--origin", "origins", multiple=True, help="Pages that may use a public key."),
    click.option("--rate-limit", type=click.IntRange(0), help="Events a minute; 0: the setting's."),
    click.option(
        "--max-count", type=click.IntRange(0), help="Most `count` of an event; 0: any. [public: 1]"
    ),
    click.option(
        "--max-age",
        "max_age_seconds",
        type=click.IntRange(0),
        help="Greatest age of events in seconds; 0: the service's. [public: 3600]",
    ),
    click.option(
        "--takes-back",
        type=click.Choice(get_args(TakesBack)),
        help="What unlikes and uncomments take back. [public: own]",
    ),
    click.option(
        "--max-watch",
        "max_watch_seconds",
        type=click.IntRange(0),
        help="Seconds a viewer may have watched an item at once, then as many as pass; 0: any. "
        "[public: 3600]",
    ),
    click.option(
        "--own-ids/--shared-ids",
        default=None,
        help="Whether its ids meet no other key's. [public: own]",
    ),
    click.option(
        "--derive-viewer/--trust-viewer",
        "derives_viewer",
        default=None,
        help="Whether its views repeat by address and agent too. [public: derive]",
    ),
)


def changeable(function: Function) -> Function:
    """Add the options for what may be changed of a key later."""
    for option in reversed(_CHANGEABLE):
        function = option(function)
    return function


def columns_of(
    origins: tuple[str, ...], rate_limit: int | None, given: dict[str, Any]
) -> dict[str, Any]:
    """Return what was given on the command line by columns of core.api_key; 0 is no bound."""
    named = {**given, "rate_limit": rate_limit, "allowed_origins": list(origins) or None}
    return {
        name: None if value == 0 and type(value) is int else value
        for name, value in named.items()
        if value is not None
    }


def bounds_of(key: ListedApiKey) -> list[str]:
    """Return the bounds of a key that are not those of its kind."""
    usual = PUBLIC if key.kind == "public" else OPEN
    names = ("max_count", "max_age_seconds", "takes_back", "max_watch_seconds")
    found = [
        f"{name.removesuffix('_seconds').replace('_', '-')} {getattr(key, name) or 'any'}"
        for name in names
        if getattr(key, name) != getattr(usual, name)
    ]
    if key.own_ids != usual.own_ids:
        found.append("own-ids" if key.own_ids else "shared-ids")
    if key.derives_viewer != usual.derives_viewer:
        found.append("derive-viewer" if key.derives_viewer else "trust-viewer")
    return found
