"""What settings cannot be, and how that is told."""

from __future__ import annotations

import pytest

from app.errors import SettingError
from app.runtime.addresses import redacted
from app.settings import Settings, read_settings, variable_of

ANY_TEXT = {
    "db_user", "db_password", "jwt_issuer", "jwt_audience", "translator_key", "translator_model",
    "rerank_model", "kafka_group", "kafka_member", "kafka_mapping", "kafka_user", "kafka_password",
    "upload_secret_key",
}  # fmt: skip
"""Settings that can be whatever text."""
RUBBISH = "?!://:\\"


@pytest.mark.parametrize("field", Settings.__struct_fields__)
def test_every_setting_given_rubbish_is_named(field: str) -> None:
    name = variable_of(field)
    if field in ANY_TEXT:
        assert getattr(read_settings({name: RUBBISH}), field) == RUBBISH
        return
    with pytest.raises(SettingError, match=f"^{name}\\b") as refused:
        read_settings({name: RUBBISH})
    told = refused.value.detail
    assert any(word in told for word in ("xpected", "needs", "is n", "does not")), told


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("DATABASE_URL", "localhost:5432/groundswell", "expected a URL such as postgresql://"),
        ("DATABASE_URL", "mysql://h/d", "expected a URL such as postgresql://"),
        ("DATABASE_URL", "postgresql://h:many/d", "expected a port from 1 to 65535, got 'many'"),
        ("DATABASE_URL", "postgresql://h:70000/d", "expected a port from 1 to 65535, got '70000'"),
        ("DATABASE_URL", "postgresql://h/d?sslmod=require", "sslmod"),
        ("REDIS_URL", "127.0.0.1:6379", "expected a URL such as redis://"),
        ("REDIS_URL", "http://127.0.0.1", "http is no scheme of Redis"),
        ("REDIS_URL", "redis://h:many/0", "Port could not be cast"),
        ("REDIS_URL", "redis://h:70000/0", "Port out of range"),
        ("REDIS_URL", "redis://h/first", "the database 'first' is no number"),
        ("REDIS_URL", "redis://h/0?tls=yes", "'tls' is no parameter that it knows"),
        ("GROUNDSWELL_LOG_LEVEL", "loud", "expected one of debug, info, warning, error"),
        ("GROUNDSWELL_LOG_FORMAT", "xml", "expected one of console, json"),
        (
            "GROUNDSWELL_UPLOAD_STORE_URL",
            "http://key:s3cret@minio",
            "without a user and a password",
        ),
        ("GROUNDSWELL_UPLOAD_STORE_URL", "http://minio:9000", "needs GROUNDSWELL_UPLOAD_BUCKET, "),
        ("GROUNDSWELL_ZONE", "Mars/Olympus", "expected an IANA time zone"),
        ("GROUNDSWELL_CORS_ORIGINS", "example.org", "expected origins such as https://"),
        ("GROUNDSWELL_DATABASE_TIMEOUT", "inf", "xpected `float` <="),
        ("GROUNDSWELL_DATABASE_TIMEOUT", "nan", "xpected `float`"),
        ("GROUNDSWELL_ADMIN_KEY", "too short", "length >= 16"),
        ("HOST", "localhost", "expected an IP address"),
    ],
)
def test_what_was_expected_is_told(name: str, value: str, told: str) -> None:
    with pytest.raises(SettingError) as refused:
        read_settings({name: value})
    assert refused.value.detail.startswith(name)
    assert told in refused.value.detail


def test_no_secret_is_repeated() -> None:
    for name, value in (
        ("DATABASE_URL", "postgresql://ada:s3cret@h:many/d"),
        ("DATABASE_URL", "postgresql://ada:s3cret%zz@h/d"),
        ("DATABASE_URL", "postgresql://h:x/d?password=s3cret"),
        ("REDIS_URL", "redis://:s3cret@h:many/0"),
        ("REDIS_URL", "redis://h/0?password=s3cret&tls=1"),
        ("GROUNDSWELL_ADMIN_KEY", "s3cret"),
        ("GROUNDSWELL_RERANK_KEY", "s3cret"),
        ("GROUNDSWELL_JWT_SECRET", "s3cret"),
    ):
        with pytest.raises(SettingError) as refused:
            read_settings({name: value})
        error: BaseException | None = refused.value
        while error is not None:
            assert "s3cret" not in str(error), name
            error = error.__cause__


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("redis://:pw@h:6379/0", "redis://:***@h:6379/0"),
        ("to postgresql://a:p:w@h/d, then", "to postgresql://a:***@h/d, then"),
        ("host=h password=pw dbname=d", "host=h password=*** dbname=d"),
        ("password='p w' x", "password=*** x"),
        ("postgresql://a@h/d?password=pw&x=1", "postgresql://a@h/d?password=***&x=1"),
        ("nothing of the kind", "nothing of the kind"),
    ],
)
def test_passwords_are_stars(text: str, shown: str) -> None:
    assert redacted(text) == shown


def test_what_is_right_is_taken() -> None:
    environ = {
        "DATABASE_URL": "postgres://a:b@one,two:5433/d?sslmode=require&target_session_attrs=any",
        "REDIS_URL": "rediss://user:pw@h:6380/2?ssl_cert_reqs=none",
        "HOST": "::1",
        "GROUNDSWELL_CORS_ORIGINS": "https://example.org, http://localhost:3000/",
        "GROUNDSWELL_ALLOWED_HOSTS": "api.example.org, [::1]",
    }
    assert read_settings(environ).redis_url == environ["REDIS_URL"]
    assert read_settings({"REDIS_URL": "unix:///run/redis.sock?db=1"}).redis_url
    assert read_settings({}) == Settings()
