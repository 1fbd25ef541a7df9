"""`groundswell keys`: make, change, list and revoke API keys."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, get_args

import click

from app.access.api_key import Kind, Scope, is_origin
from app.cli.connecting import connected
from app.cli.key_bounds import bounds_of, changeable, columns_of
from app.cli.tables import as_json, echo_rows
from app.errors import InputError
from app.settings import Settings, read_settings

if TYPE_CHECKING:
    from app.access.api_key import NewKey
    from app.access.managing import ChangedKey
    from app.access.queries import ListedApiKey
    from app.runtime.sql import Connection


@click.group("keys", context_settings={"help_option_names": ["-h", "--help"]})
def api_keys() -> None:
    """Make, change, list and revoke API keys.

    DATABASE_URL must name the owner of the database, as for migrate.
    """


@api_keys.command()
@click.argument("name")
@click.option(
    "--scope", "scopes", type=click.Choice(get_args(Scope)), multiple=True, help="[default: write]"
)
@click.option(
    "--public",
    is_flag=True,
    help="For web pages and apps: it records events, and reads with --scope read.",
)
@changeable
def create(
    name: str,
    scopes: tuple[Scope, ...],
    origins: tuple[str, ...],
    rate_limit: int | None,
    *,
    public: bool,
    **given: object,
) -> None:
    """Make a key and show it, this once.

    NAME says whose it is, or what for.
    """
    if public and not set(scopes) <= {"read", "write"}:
        raise click.UsageError("everybody can see a public key: its scopes are read and write")
    if origins and not public:
        raise click.UsageError("--origin is for public keys: add --public")
    _check_origins(origins)
    kind: Kind = "public" if public else "secret"
    columns = columns_of(origins, rate_limit, given)
    key = asyncio.run(_create(kind, name, scopes or ("write",), columns))
    click.echo(key.text)
    click.echo("Keep it now: only its hash is stored, and nobody can show it again.", err=True)


@api_keys.command()
@click.argument("prefix")
@changeable
def update(prefix: str, origins: tuple[str, ...], rate_limit: int | None, **given: object) -> None:
    """Change what a key allows; what is not named stays.

    PREFIX is its first part, as list shows it.
    """
    _check_origins(origins)
    click.echo(asyncio.run(_update(_prefix_of(prefix), columns_of(origins, rate_limit, given))))


@api_keys.command("list")
@as_json
def list_keys(*, as_json: bool) -> None:
    """List all keys, revoked ones too, by their first part."""
    keys = asyncio.run(_list())
    if as_json:
        echo_rows(keys)
        return
    for key in keys:
        click.echo(line_of(key))
    if not keys:
        click.echo("there are no keys")


@api_keys.command()
@click.argument("prefix")
def revoke(prefix: str) -> None:
    """Refuse a key from now on.

    PREFIX is its first part, as list shows it.
    """
    prefix = _prefix_of(prefix)
    if not asyncio.run(_revoke(prefix)):
        raise InputError(f"there is no valid key {prefix}")
    click.echo(f"{prefix} is revoked")


def line_of(key: ListedApiKey) -> str:
    """Return a key in one line."""
    parts = [key.prefix, key.kind, ",".join(key.scopes), key.name]
    if key.allowed_origins:
        parts.append("for " + " ".join(key.allowed_origins))
    if key.rate_limit:
        parts.append(f"{key.rate_limit} a minute")
    parts += bounds_of(key)
    used = f"last used {key.last_used_at:%Y-%m-%d %H:%M}Z" if key.last_used_at else "never used"
    parts.append(f"revoked {key.revoked_at:%Y-%m-%d}" if key.revoked_at else used)
    return "  ".join(parts)


def _prefix_of(text: str) -> str:
    # The whole key will do, but need not be kept anywhere for this.
    return "_".join(text.split("_")[:2])


def _check_origins(origins: tuple[str, ...]) -> None:
    for origin in origins:
        if not is_origin(origin):
            raise click.UsageError(f"{origin!r} is not an origin such as https://example.org")


async def _create(
    kind: Kind, name: str, scopes: tuple[Scope, ...], given: dict[str, Any]
) -> NewKey:
    from app.access.managing import make_key  # noqa: PLC0415

    settings = read_settings()
    key = await connected(
        lambda connection: make_key(
            connection, name=name, kind=kind, scopes=list(scopes), given=given
        )
    )
    await _announce(settings)
    return key


async def _update(prefix: str, given: dict[str, Any]) -> str:
    from app.access.managing import change_key  # noqa: PLC0415
    from app.access.queries import list_api_keys  # noqa: PLC0415

    settings = read_settings()

    async def change(connection: Connection) -> ChangedKey | None:
        found = await list_api_keys(connection, prefix=prefix, revoked=False)
        if not found:
            return None
        return await change_key(connection, key_id=found[0].key_id, given=given)

    changed = await connected(change)
    if not changed:
        raise InputError(f"there is no valid key {prefix}")
    await _announce(settings)
    return line_of(changed.after)


async def _list() -> list[ListedApiKey]:
    from app.access.queries import list_api_keys  # noqa: PLC0415

    return await connected(list_api_keys)


async def _revoke(prefix: str) -> bool:
    from app.access.queries import revoke_api_key  # noqa: PLC0415

    settings = read_settings()
    revoked = await connected(
        lambda connection: revoke_api_key(connection, prefix=prefix, revoked_at=datetime.now(UTC))
    )
    if revoked:
        await _announce(settings)
    return revoked


async def _announce(settings: Settings) -> None:
    """Tell the API's processes, which would notice by themselves within a minute."""
    from redis.exceptions import RedisError  # noqa: PLC0415

    from app.access import keys  # noqa: PLC0415
    from app.runtime.redis_client import open_redis  # noqa: PLC0415

    try:
        async with open_redis(settings) as redis:
            await redis.publish(keys.API_KEYS_CHANGED, b"")
    except RedisError:
        click.echo("Redis does not answer: it takes effect within a minute", err=True)
