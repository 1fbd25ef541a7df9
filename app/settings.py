"""Groundswell's settings: one Struct, read once from the environment."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import Annotated, Literal, get_args, get_origin, get_type_hints

import msgspec

from app.errors import SettingError
from app.runtime.addresses import (
    check_brokers,
    check_database_url,
    check_database_urls,
    check_host,
    check_http_url,
    check_names,
    check_origins,
    check_redis_url,
    check_store_url,
    check_zone,
    redacted,
)
from app.runtime.networks import parse_networks
from app.runtime.token_key import public_key

PREFIX = "GROUNDSWELL_"
"""Every variable but DATABASE_URL, READ_DATABASE_URL, REDIS_URL, HOST and PORT begins with it."""

_SECRET = {
    "db_password",
    "admin_key",
    "jwt_secret",
    "jwt_public_key",
    "translator_key",
    "rerank_key",
    "kafka_password",
    "upload_secret_key",
}
"""What an error message does not repeat."""
_UNPREFIXED = {"database_url", "read_database_url", "redis_url", "host", "port"}

Positive = Annotated[float, msgspec.Meta(gt=0, le=1_000_000_000)]
PositiveInt = Annotated[int, msgspec.Meta(ge=1)]
Weight = Annotated[float, msgspec.Meta(ge=0, le=1_000_000)]
RequireKeys = Literal["none", "write", "all"]
Topic = Annotated[str, msgspec.Meta(pattern="^[A-Za-z0-9._-]{1,249}$")]
Port = Annotated[int, msgspec.Meta(ge=0, le=65535)]


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """All settings with their defaults; a field `x` is read from `GROUNDSWELL_X`."""

    database_url: str = "postgresql://postgres@127.0.0.1:5432/groundswell"
    """PostgreSQL with TimescaleDB, as a URL (`DATABASE_URL`)."""
    read_database_url: str = ""
    """Standbys of it that counts may be read from, as URLs with commas between them
    (`READ_DATABASE_URL`); without one, or while none is usable, the primary answers."""
    redis_url: str = "redis://127.0.0.1:6379/0"
    """Redis, as a URL (`REDIS_URL`)."""
    host: str = "127.0.0.1"
    """Address the API listens on (`HOST`)."""
    port: Port = 8000
    """Port the API listens on (`PORT`)."""
    db_user: str = "groundswell"
    """Role with which API and worker connect to the database; `groundswell migrate` makes it."""
    db_password: str | None = None
    """Its password, for `groundswell migrate`; without it that role is left alone."""
    api_workers: PositiveInt = 1
    """Processes of `groundswell serve`, unless it is told otherwise."""
    api_servers: PositiveInt = 1
    """How many `groundswell serve` there are: `groundswell migrate` compares all connections with
    what the server allows."""
    workers: PositiveInt = 1
    """How many `groundswell worker` there are, likewise."""
    pool_size: PositiveInt = 8
    """Most database connections of one process."""
    database_timeout: Positive = 5.0
    """Seconds a request waits for the database before it is called down."""
    read_lag_seconds: Positive = 5.0
    """How far a standby may be behind for reads to go there, in seconds. Whatever it is, a read has
    all that was committed before it: it waits a tenth of a second for that, or asks the primary."""
    redis_timeout: Positive = 2.0
    """Seconds a request waits for Redis before it is called down."""

    max_requests: PositiveInt = 1_000
    """Most requests that one process works on at once, half of them of one client; more get a 503,
    or a 429 where one client has too many. Open connections are not counted, nor are streams."""
    max_held_bytes: PositiveInt = 256_000_000
    """Most bytes of request bodies that one process holds at once, half of them of one client."""
    allowed_hosts: str = ""
    """Names under which callers may ask, such as `api.example.org`; `*` is any. Empty is any, too,
    but on a loopback address: there localhost, 127.0.0.1, [::1] and these."""
    stop_seconds: Annotated[float, msgspec.Meta(ge=0, le=3_600)] = 5.0
    """How long a process that is asked to stop goes on answering on open connections, at most."""

    batch_size: PositiveInt = 5_000
    """Most events the writer inserts in one batch."""
    batch_seconds: Positive = 0.25
    """Longest time in seconds the writer waits to fill a batch."""
    max_events: PositiveInt = 2_000
    """Most events in one request; more are refused with 413."""
    max_body_bytes: PositiveInt = 2_000_000
    """Largest request body in bytes; larger is refused with 413."""
    max_event_bytes: PositiveInt = 32_768
    """Largest single event in bytes; a larger one is rejected, the others with it are not."""
    max_future_seconds: Positive = 3_600.0
    """How far `occurredAt` may lie in the future, in seconds; such an event counts as it comes."""
    unknown_items: Literal["register", "refuse"] = "register"
    """What becomes of an event that names an item which the catalogue does not have: the item is
    registered, or the event is refused (with 404 where it comes alone)."""
    own_actions: Literal["count", "ignore"] = "count"
    """What becomes of what creators do with items of their own, where the event's `userId` is the
    item's `creator`: it counts, or it is kept and ignored. Set it for the worker and the API."""
    stream_shards: Annotated[int, msgspec.Meta(ge=1, le=96)] = 1
    """Streams of Redis that accepted events go to, on different slots of a cluster: several times
    as many as it has masters, or as many. Any number may follow any other; nothing is lost."""
    durable: Literal["stored", "replicated"] = "stored"
    """When an event is acknowledged that does not say so itself: once Redis has it (`stored`), or
    once the replicas of that Redis have it, too (`replicated`)."""
    replica_seconds: Positive = 1.0
    """How long a replica is waited for, in seconds, and half of `redis_timeout` at most; without an
    answer the event goes to the database, and is acknowledged when it is there."""
    max_stream_entries: PositiveInt = 200_000
    """Stream entries, of one request or several at once, that may wait; more events get a 429."""
    max_stream_bytes: PositiveInt = 1_000_000_000
    """Memory of Redis that waiting events may take, in bytes; more events get a 429."""
    max_stream_seconds: Positive = 86_400.0
    """How long the oldest event may wait to be written, in seconds; then new ones get a 503."""
    max_deliveries: PositiveInt = 5
    """How often a stream entry is tried before it goes to the dead letters."""
    claim_seconds: Positive = 15.0
    """Seconds after which a silent writer's entries are taken over by another."""
    stall_seconds: Positive = 120.0
    """Seconds without any progress, though Redis and the database answer, after which a worker ends
    with an error, for its supervisor to start it again."""
    late_seconds: Positive = 3_600.0
    """Age in seconds from which an event is late, and is inserted apart, by its time bucket."""
    view_dedupe_seconds: Annotated[float, msgspec.Meta(ge=0, le=604_800)] = 0.0
    """For how long one viewer's views of one item count once, in seconds; 0 counts all of them."""
    wait_seconds: Positive = 5.0
    """Longest time in seconds that a request with `wait=true` waits for the database."""

    worker_metrics_port: Port = 0
    """Port on `host` at which the worker, and what reads Kafka, shows Prometheus its
    metrics; 0 is none."""

    kafka_servers: str = ""
    """Brokers of Kafka to begin with, such as `kafka-1:9092, kafka-2:9092`."""
    kafka_group: Annotated[str, msgspec.Meta(min_length=1)] = "groundswell"
    """Consumer group in which `groundswell consume` reads."""
    kafka_member: str | None = None
    """A name of this process that stays: started again before its session ends, it has its
    partitions back, and no other process is disturbed. Each process needs a name of its own."""
    kafka_session_seconds: Positive = 10.0
    """Seconds of silence after which a process's partitions go to others; brokers allow 6 to 1800
    unless they are told otherwise."""
    kafka_mapping: str | None = None
    """TOML file that says which topics are read, and what their messages mean; without it, the
    topics video.viewed, video.liked, video.unliked, comment.created and analytics.events."""
    kafka_dead_letter_topic: Topic | None = None
    """Topic for messages that are no events, too; the dead letters in Redis have them anyway."""
    kafka_event_topic: Topic | None = None
    """Topic to which `groundswell publish` publishes accepted events; without it, none are."""
    kafka_ranking_topic: Topic | None = None
    """Topic to which it publishes changes in ranked lists; without it, none are."""
    kafka_tls: bool = False
    """Whether the brokers are asked over TLS."""
    kafka_ca_file: str | None = None
    """Certificates, in PEM form, of who vouches for the brokers; without it, the system's."""
    kafka_cert_file: str | None = None
    """Our own certificate, in PEM form, where the brokers ask for one."""
    kafka_key_file: str | None = None
    """Its key."""
    kafka_sasl: Literal["none", "PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = "none"
    """How we log in to the brokers: `none`, `PLAIN`, `SCRAM-SHA-256` or `SCRAM-SHA-512`."""
    kafka_user: str | None = None
    """As whom."""
    kafka_password: str | None = None
    """With which password."""

    webhook_private_networks: bool = False
    """Whether webhooks of alerts may go to private and loopback addresses; `true` lets whoever has
    an admin key reach what the worker reaches."""
    max_streams: PositiveInt = 100
    """Most streams of alerts that one process holds at once."""
    max_client_streams: PositiveInt = 50
    """Most of them that one client address may hold."""

    stats_fresh_seconds: Positive = 30.0
    """Seconds for which an item's stats are served from Redis without asking the database."""
    trending_max_age: PositiveInt = 5
    """`Cache-Control: max-age` of trending answers, in seconds."""

    rate_limit_per_minute: Annotated[int, msgspec.Meta(ge=0)] = 0
    """Events a minute from one API key, unless the key has a limit of its own; 0 is no limit."""
    client_rate_limit_per_minute: Annotated[int, msgspec.Meta(ge=0)] = 0
    """Events a minute from one client address with a public key or none; 0 is no limit."""
    trusted_proxies: str = ""
    """Networks of the proxies before the API, such as `10.0.0.0/8, 127.0.0.1`: what they say of a
    client's address is believed."""
    forwarded_header: Literal["x-forwarded-for", "forwarded"] = "x-forwarded-for"
    """The header in which those proxies say it; they must set or extend it themselves."""

    require_keys: RequireKeys = "none"
    """Without an API key nothing but /admin is closed (`none`), nothing is recorded (`write`), or
    nothing but health, metrics and pages is answered (`all`)."""
    cors_origins: str = "*"
    """Origins of web pages, such as `https://example.org, https://app.example.org`, that may read
    and record without a public key of their own, as far as no key is needed, and show the frame
    /embed/trending; `*` is any page."""
    admin_key: Annotated[str, msgspec.Meta(min_length=16)] | None = None
    """A key that allows everything, at least 16 characters that nobody can guess; without it,
    /admin needs an API key with the scope admin."""
    admin_seconds: Positive = 60.0
    """Longest time in seconds that a refresh or a preview of rankings may take."""

    jwt_secret: Annotated[str, msgspec.Meta(min_length=32)] | None = None
    """What signs the tokens of users (JWT, HS256): at least 32 characters, known to nobody else."""
    jwt_public_key: str | None = None
    """Instead of a secret, the public key of who signs them, in PEM form: RSA for RS256, P-256 for
    ES256."""
    jwt_issuer: str | None = None
    """Only tokens with this claim `iss` are taken."""
    jwt_audience: str | None = None
    """Only tokens with this claim `aud` are taken."""
    user_header: Annotated[str, msgspec.Meta(pattern="^[A-Za-z0-9-]+$")] | None = None
    """The header in which the trusted proxies name the user; they must remove a caller's own."""

    comment_limit_per_minute: Annotated[int, msgspec.Meta(ge=0)] = 30
    """Comments a minute that one user may post and delete; 0 is no limit."""
    translator: Literal["none", "libretranslate", "openai", "apertium"] = "none"
    """Who translates comments: a LibreTranslate server, any API of OpenAI's form (`openai`), or the
    program `apertium` on the worker's PATH."""
    translator_url: str | None = None
    """Where that is, such as `http://libretranslate:5000` or `https://api.openai.com/v1`."""
    translator_key: str | None = None
    """The API key to show there."""
    translator_model: str | None = None
    """The model to ask for, with `openai`."""
    translator_seconds: Annotated[float, msgspec.Meta(gt=0, le=600)] = 20.0
    """Longest time in seconds that a translation may take before it is tried again later."""
    translation_languages: Annotated[
        str, msgspec.Meta(pattern="^[a-z]{2,3}( *, *[a-z]{2,3})*$|^$")
    ] = ""
    """Languages that comments are translated into where readers ask for them, such as `en, de`."""
    translation_hours: Annotated[float, msgspec.Meta(ge=0, le=1_000_000)] = 24.0
    """How long a translation is kept, in hours; 0 keeps it as long as there is a comment of that
    text."""
    translations_per_hour: Annotated[int, msgspec.Meta(ge=0)] = 1_000
    """Texts that one worker has translated an hour at most, tries counted, for what readers want is
    what a provider is paid for; 0 is no limit."""

    rerank_key: str | None = None
    """An API key of a language model that orders a user's recommendations; without it, none does.
    A server of your own that asks for no key takes any."""
    rerank_url: str | None = None
    """Where it is: an API of OpenAI's form, such as `https://api.openai.com/v1`."""
    rerank_model: str | None = None
    """The model to ask for there."""
    rerank_seconds: Annotated[float, msgspec.Meta(gt=0, le=30)] = 2.0
    """Longest time in seconds that an answer waits for it; then it goes out as it was."""
    reranks_per_hour: Annotated[int, msgspec.Meta(ge=0)] = 1_000
    """How often all processes together ask it an hour at most, tries counted; 0 is no limit."""

    upload_store_url: str | None = None
    """Where uploads go: an S3-compatible store, such as `https://s3.eu-central-1.amazonaws.com` or
    `http://minio:9000`; without it there are none."""
    upload_public_url: str | None = None
    """The same store as callers reach it, where that is another address."""
    upload_bucket: (
        Annotated[str, msgspec.Meta(pattern="^[A-Za-z0-9][A-Za-z0-9._-]{1,254}$")] | None
    ) = None
    """The bucket there; it must exist."""
    upload_region: Annotated[str, msgspec.Meta(pattern="^[A-Za-z0-9-]{1,100}$")] = "us-east-1"
    """Its region."""
    upload_access_key: Annotated[str, msgspec.Meta(pattern=r"^[^/\s]+$")] | None = None
    """Id of the access key to sign with; callers see it in the addresses that they get."""
    upload_secret_key: str | None = None
    """Its secret."""
    upload_store_seconds: Annotated[float, msgspec.Meta(gt=0, le=600)] = 5.0
    """Seconds that the store is waited for before it is called down."""
    upload_url_seconds: Annotated[int, msgspec.Meta(ge=1, le=604_800)] = 3_600
    """How long a caller has to put the bytes there, in seconds."""
    upload_hours: Annotated[float, msgspec.Meta(gt=0, le=100_000)] = 24.0
    """After so many hours more an upload that was not finalised is dropped, and its bytes go."""
    upload_max_bytes: Annotated[int, msgspec.Meta(ge=1, le=5_368_709_120)] = 5_368_709_120
    """Largest upload in bytes; stores take no more than 5 GiB at once."""
    upload_limit_per_minute: Annotated[int, msgspec.Meta(ge=0)] = 30
    """Uploads a minute that one user, or one key, may begin; 0 is no limit."""

    weight_view: Weight | None = None
    """Points of a view in rankings that leave it open; `groundswell migrate` writes it."""
    weight_like: Weight | None = None
    """Points of a like, likewise."""
    weight_comment: Weight | None = None
    """Points of a comment, likewise."""
    weight_share: Weight | None = None
    """Points of a share, likewise."""
    weight_watch_minute: Weight | None = None
    """Points of a minute watched, likewise."""

    zone: str | None = None
    """IANA time zone of the windows today, week and month, and in which it is two o'clock for the
    daily rankings; `groundswell migrate` writes it. Without it that is UTC, or what a DBA wrote."""

    log_format: Literal["console", "json"] = "console"
    """`console` for people, `json` for machines."""
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    """`debug`, `info`, `warning` or `error`."""

    @property
    def cors_origin_set(self) -> frozenset[str]:
        """The origins of `cors_origins`, each without a slash at its end."""
        return frozenset(
            origin.strip().rstrip("/") for origin in self.cors_origins.split(",") if origin.strip()
        )

    @property
    def translation_targets(self) -> frozenset[str]:
        """The codes of `translation_languages`; none where nobody translates."""
        codes = self.translation_languages.replace(" ", "").split(",")
        return frozenset() if self.translator == "none" else frozenset(codes) - {""}

    def __post_init__(self) -> None:
        """Raise `ValueError` for networks and keys that are none."""
        parse_networks(self.trusted_proxies)
        if self.jwt_public_key:
            public_key(self.jwt_public_key)


_TYPES = get_type_hints(Settings)
_CHECKS: dict[str, Callable[[str], None]] = {
    "database_url": check_database_url,
    "read_database_url": check_database_urls,
    "redis_url": check_redis_url,
    "host": check_host,
    "cors_origins": check_origins,
    "allowed_hosts": check_names,
    "zone": check_zone,
    "translator_url": check_http_url,
    "rerank_url": check_http_url,
    "kafka_servers": check_brokers,
    "upload_store_url": check_store_url,
    "upload_public_url": check_store_url,
}
"""What is asked of a value beside its type; raises `ValueError` with what was expected."""


def read_settings(environ: Mapping[str, str] = os.environ) -> Settings:
    """Read the settings from `environ`.

    Raises `SettingError`, naming the variable and what was expected, for a value that does not fit
    and for a `GROUNDSWELL_` variable that does not exist.
    """
    known = {variable_of(field): field for field in Settings.__struct_fields__}
    unknown = [name for name in environ if name.startswith(PREFIX) and name not in known]
    if unknown:
        raise SettingError(f"{unknown[0]} is not a setting; see app/settings.py for the list")
    given = {field: environ[name] for name, field in known.items() if environ.get(name)}
    for field, value in given.items():
        try:
            msgspec.convert({field: value}, Settings, strict=False)
            if check := _CHECKS.get(field):
                check(value)
        except (msgspec.ValidationError, ValueError) as error:
            fault = str(error).split(" - at ")[0]
            if get_origin(_TYPES[field]) is Literal:
                fault = f"expected one of {', '.join(get_args(_TYPES[field]))}"
            shown = "" if field in _SECRET else f"={redacted(value)!r}"
            # Without its cause, which would repeat the value.
            raise SettingError(f"{variable_of(field)}{shown}: {fault}") from None
    settings = msgspec.convert(given, Settings, strict=False)
    _check_together(settings)
    return settings


def _check_together(settings: Settings) -> None:
    if settings.jwt_secret and settings.jwt_public_key:
        raise SettingError("GROUNDSWELL_JWT_SECRET and GROUNDSWELL_JWT_PUBLIC_KEY: set one of them")
    if settings.user_header and not settings.trusted_proxies:
        raise SettingError(
            "GROUNDSWELL_USER_HEADER is believed from GROUNDSWELL_TRUSTED_PROXIES only: set both"
        )
    _check_providers(settings)
    needed = ("upload_bucket", "upload_access_key", "upload_secret_key")
    missing = [variable_of(field) for field in needed if not getattr(settings, field)]
    if settings.upload_store_url and missing:
        raise SettingError(f"GROUNDSWELL_UPLOAD_STORE_URL needs {', '.join(missing)}")
    if settings.kafka_sasl != "none" and not (settings.kafka_user and settings.kafka_password):
        raise SettingError(
            "GROUNDSWELL_KAFKA_SASL needs GROUNDSWELL_KAFKA_USER and GROUNDSWELL_KAFKA_PASSWORD"
        )
    for field in ("kafka_ca_file", "kafka_cert_file", "kafka_key_file"):
        if getattr(settings, field) and not settings.kafka_tls:
            raise SettingError(f"{variable_of(field)} needs GROUNDSWELL_KAFKA_TLS=true")


def _check_providers(settings: Settings) -> None:
    if settings.translator != "none" and not settings.translation_languages:
        raise SettingError(
            "GROUNDSWELL_TRANSLATOR translates into GROUNDSWELL_TRANSLATION_LANGUAGES: set both"
        )
    if settings.translator in {"libretranslate", "openai"} and not settings.translator_url:
        raise SettingError(
            f"GROUNDSWELL_TRANSLATOR={settings.translator} needs GROUNDSWELL_TRANSLATOR_URL"
        )
    if settings.translator == "openai" and not settings.translator_model:
        raise SettingError("GROUNDSWELL_TRANSLATOR=openai needs GROUNDSWELL_TRANSLATOR_MODEL")
    if settings.rerank_key and not (settings.rerank_url and settings.rerank_model):
        raise SettingError(
            "GROUNDSWELL_RERANK_KEY needs GROUNDSWELL_RERANK_URL and GROUNDSWELL_RERANK_MODEL"
        )


def variable_of(field: str) -> str:
    """Return the environment variable that sets `field`."""
    return field.upper() if field in _UNPREFIXED else PREFIX + field.upper()
