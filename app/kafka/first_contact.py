"""The first contact with the brokers: what is down is waited for, what is set wrong is told."""

from __future__ import annotations

import asyncio
import ssl

import msgspec
from aiokafka.conn import collect_hosts, create_conn
from aiokafka.errors import (
    AuthenticationFailedError,
    IllegalSaslStateError,
    IncompatibleBrokerVersion,
    KafkaConnectionError,
    SaslAuthenticationFailed,
    UnsupportedSaslMechanismError,
)
from aiokafka.protocol.admin import SaslHandShakeRequest
from aiokafka.protocol.metadata import MetadataRequest

from app.errors import RefusedError
from app.kafka.brokers import KAFKA_ERRORS, options_of
from app.runtime.backoff import Backoff
from app.runtime.tasks import first_of
from app.settings import Settings

CONTACT_SECONDS = 5.0
_BACKOFF = Backoff(shortest=0.25, longest=5.0)
_ALERT_SECONDS = 1.0
_WRONG_LOGIN = "they refuse GROUNDSWELL_KAFKA_USER or GROUNDSWELL_KAFKA_PASSWORD"


async def brokers_let_in(settings: Settings, stop: asyncio.Event) -> None:
    """Return once a broker has let us in, or `stop` is set.

    Sets `stop` and raises `RefusedError`, which names the setting, where all that answer refuse us
    for what stays so until somebody mends it.
    """
    tries = 0
    while not stop.is_set():
        refusals: list[str] = []
        for host, port, _ in collect_hosts(options_of(settings)["bootstrap_servers"]):
            try:
                await _contact(settings, host, port)
            except (*KAFKA_ERRORS, AssertionError, _LoginError) as error:
                # What answers may speak something else.
                if refusal := await _refusal_of(error, settings, host, port):
                    refusals.append(f"{host}:{port}: {refusal}")
            else:
                return
        if refusals:
            stop.set()
            raise RefusedError(f"the brokers do not let this process in: {refusals[0]}")
        tries += 1
        await first_of(stop, within=_BACKOFF.pause(tries))


class _LoginError(Exception):
    """What a broker answers to a login, and the client does not understand; says what it means."""


async def _contact(settings: Settings, host: str, port: int) -> None:
    """Log in, and ask for something: whoever needs a login tells it no sooner."""
    options = options_of(settings)
    del options["bootstrap_servers"], options["metadata_max_age_ms"]
    async with asyncio.timeout(CONTACT_SECONDS):
        try:
            connection = await create_conn(host, port, **options)
        except (KeyError, ValueError) as error:
            if settings.kafka_sasl == "none":
                raise
            raise _LoginError(_meaning_of(error, settings)) from error
        try:
            await connection.send(MetadataRequest([]))
        finally:
            connection.close()


def _meaning_of(error: KeyError | ValueError, settings: Settings) -> str:
    """Return what is wrong with a login of which the client says no more than this."""
    if isinstance(error, KeyError) and error.args[0] in {"r", "v"}:
        # SCRAM's own way to refuse (RFC 5802, 7): `e=` in the place of the nonce or the signature.
        return _WRONG_LOGIN
    if "signature" in str(error):
        return "they do not prove that they know GROUNDSWELL_KAFKA_PASSWORD, which is refused"
    return f"what they answer to GROUNDSWELL_KAFKA_SASL={settings.kafka_sasl} is no login: {error}"


async def _asks_for_login(settings: Settings, host: str, port: int) -> bool:
    """Tell whether a broker that has let us in would take a login."""
    options = options_of(settings)
    del options["bootstrap_servers"], options["metadata_max_age_ms"]
    try:
        async with asyncio.timeout(CONTACT_SECONDS):
            connection = await create_conn(host, port, **options)
            try:
                # Where no login is taken, it is refused as out of place.
                said = await connection.send(SaslHandShakeRequest("PLAIN"))
            finally:
                connection.close()
    except KAFKA_ERRORS:
        return False
    return bool(said.error_code != IllegalSaslStateError.errno)


async def _refusal_of(error: BaseException, settings: Settings, host: str, port: int) -> str | None:
    """Return what is wrong with our settings; None where the broker may only be down."""
    if fault := _login_fault(error, settings):
        return fault
    if (
        settings.kafka_sasl == "none"
        and isinstance(error, KafkaConnectionError)
        and await _asks_for_login(settings, host, port)
    ):
        return "set GROUNDSWELL_KAFKA_SASL: they ask for a login"
    if isinstance(error, ConnectionRefusedError):
        return None
    if settings.kafka_tls:
        if not isinstance(error, ssl.SSLError):
            if await _speaks_plain(settings, host, port):
                return "they do not speak TLS: GROUNDSWELL_KAFKA_TLS=true"
            error = await _alert_of(options_of(settings)["ssl_context"], host, port) or error
        return _tls_fault(error, settings)
    return (
        "set GROUNDSWELL_KAFKA_TLS=true: they speak TLS" if await _speaks_tls(host, port) else None
    )


def _login_fault(error: BaseException, settings: Settings) -> str | None:
    if isinstance(error, _LoginError):
        return str(error)
    if isinstance(error, SaslAuthenticationFailed | AuthenticationFailedError):
        return _WRONG_LOGIN
    takes_none = settings.kafka_sasl != "none" and isinstance(error, IncompatibleBrokerVersion)
    if takes_none or isinstance(error, UnsupportedSaslMechanismError | IllegalSaslStateError):
        return (
            f"they do not take the login of GROUNDSWELL_KAFKA_SASL={settings.kafka_sasl}: {error}"
        )
    return None


def _tls_fault(error: BaseException, settings: Settings) -> str | None:
    if isinstance(error, ssl.SSLCertVerificationError):
        ours = settings.kafka_ca_file
        whom = "the system's authorities do" if ours is None else f"{ours!r} does"
        return f"GROUNDSWELL_KAFKA_CA_FILE: {whom} not vouch for them: {error.verify_message}"
    if not isinstance(error, ssl.SSLError):
        return None
    said = (error.reason or str(error)).lower()
    if "wrong_version_number" in said or "record_layer" in said:
        return "they do not speak TLS: GROUNDSWELL_KAFKA_TLS=true"
    if "alert" in said:
        if settings.kafka_cert_file is None:
            return f"they ask for a certificate: set GROUNDSWELL_KAFKA_CERT_FILE ({said})"
        return f"they refuse GROUNDSWELL_KAFKA_CERT_FILE={settings.kafka_cert_file!r} ({said})"
    return None


async def _alert_of(context: ssl.SSLContext, host: str, port: int) -> ssl.SSLError | None:
    """Return with which alert a server ends a connection that has begun well.

    That it wants a certificate it says only after the handshake.
    """
    try:
        async with asyncio.timeout(_ALERT_SECONDS):
            reader, writer = await asyncio.open_connection(host, port, ssl=context)
            try:
                await reader.read(1)
            finally:
                writer.close()
    except ssl.SSLError as error:
        return error
    except OSError:
        return None
    return None


async def _speaks_plain(settings: Settings, host: str, port: int) -> bool:
    plain = msgspec.structs.replace(settings, kafka_tls=False, kafka_sasl="none")
    try:
        await _contact(plain, host, port)
    except KAFKA_ERRORS:
        return False
    return True


async def _speaks_tls(host: str, port: int) -> bool:
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    try:
        async with asyncio.timeout(_ALERT_SECONDS):
            _, writer = await asyncio.open_connection(host, port, ssl=context)
            writer.close()
    except ssl.SSLError as error:
        return "alert" in (error.reason or "").lower()
    except OSError:
        return False
    return True
