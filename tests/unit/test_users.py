"""Who a user is: what is believed of tokens and headers, and what each refusal says."""

from __future__ import annotations

import base64
import time
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from litestar.connection import ASGIConnection

from app.access.users import LEEWAY_SECONDS, Users
from app.errors import NotSignedInError, SettingError, UsersDisabledError
from app.settings import Settings, read_settings
from tests.tokens import SECRET, token

RSA = rsa.generate_private_key(public_exponent=65_537, key_size=2_048)
EC = ec.generate_private_key(ec.SECP256R1())
BY_SECRET = Settings(jwt_secret=SECRET)


def pem(private: Any) -> str:
    encoded: bytes = private.public_key().public_bytes(
        Encoding.PEM, PublicFormat.SubjectPublicKeyInfo
    )
    return encoded.decode()


def user_of(
    settings: Settings, *headers: tuple[str, str | bytes], peer: str | None = "192.0.2.1"
) -> str:
    scope: Any = {
        "type": "http",
        "headers": [
            (name.lower().encode(), value if isinstance(value, bytes) else value.encode())
            for name, value in headers
        ],
        "client": (peer, 4321) if peer else None,
    }
    return Users(settings).user_of(ASGIConnection(scope))


def bearer(text: str) -> tuple[str, str]:
    return ("Authorization", f"Bearer {text}")


def refusal(settings: Settings, *headers: tuple[str, str | bytes], peer: str = "192.0.2.1") -> str:
    with pytest.raises(NotSignedInError) as raised:
        user_of(settings, *headers, peer=peer)
    assert raised.value.__context__ is None, "a chained error may show the token in the log"
    return raised.value.detail


def test_the_subject_of_a_token_is_the_user() -> None:
    assert user_of(BY_SECRET, bearer(token("ada"))) == "ada"
    assert user_of(BY_SECRET, ("authorization", f"bearer  {token('Zoë')} ")) == "Zoë"
    extras = token("ada", aud=["a", "b"], iss="me", jti="1", role="admin", extras={"a": 1})
    assert user_of(BY_SECRET, bearer(extras)) == "ada"


@pytest.mark.parametrize(("private", "algorithm"), [(RSA, "RS256"), (EC, "ES256")])
def test_a_public_key_verifies_with_its_own_algorithm_only(private: Any, algorithm: str) -> None:
    for text in (pem(private), pem(private).replace("\n", "\\n")):
        settings = read_settings({"GROUNDSWELL_JWT_PUBLIC_KEY": text})
        assert user_of(settings, bearer(token("ada", key=private, algorithm=algorithm))) == "ada"
    way = "signed in another way"
    # The public key is no secret: taken for one, anybody could sign.
    confused = jwt.api_jws.PyJWS()
    vars(confused._algorithms["HS256"])["prepare_key"] = str.encode
    forged = confused.encode(b'{"sub": "ada"}', pem(private), algorithm="HS256")
    assert way in refusal(settings, bearer(forged))
    assert way in refusal(settings, bearer(token("ada", key=None, algorithm="none")))
    other = EC if private is RSA else RSA
    sent = token("ada", key=other, algorithm="ES256" if other is EC else "RS256")
    assert way in refusal(settings, bearer(sent))


@pytest.mark.parametrize(
    ("claims", "fault"),
    [
        ({"exp": 1_000_000_000}, "it has expired"),
        ({"nbf": 4_000_000_000}, "it is not valid yet"),
        ({"iat": 4_000_000_000}, "it is not valid yet"),
        ({"exp": None}, "it has no claim exp"),
        ({"iat": None}, "it has no claim iat"),
        ({"sub": None}, "it has no claim sub"),
        ({"sub": 7}, "its claim sub is no text"),
        ({"exp": "soon"}, "it cannot be read"),
        ({"exp": float("inf")}, "it cannot be read"),
        ({"key": "another secret of the tests, as long as it"}, "it is signed with another key"),
        ({"algorithm": "HS384", "key": SECRET * 2}, "signed in another way"),
    ],
)
def test_a_refusal_says_what_is_wrong(claims: dict[str, Any], fault: str) -> None:
    given = token(**{"user": "ada", **({"sub": None} if "sub" in claims else {}), **claims})
    said = refusal(BY_SECRET, bearer(given))
    assert fault in said
    assert given not in said


@pytest.mark.parametrize("user", ["", "a" * 201, "a\x00b", "\ud800"])
def test_a_subject_that_cannot_be_stored_is_refused(user: str) -> None:
    assert "1 to 200 characters" in refusal(BY_SECRET, bearer(token(user)))


@pytest.mark.parametrize(
    ("claim", "within", "beyond", "fault"),
    [
        ("exp", -LEEWAY_SECONDS + 2, -LEEWAY_SECONDS, "it has expired"),
        ("nbf", LEEWAY_SECONDS, LEEWAY_SECONDS + 2, "it is not valid yet"),
        ("iat", LEEWAY_SECONDS, LEEWAY_SECONDS + 2, "it is not valid yet"),
    ],
)
def test_clocks_may_differ_by_some_seconds(
    claim: str, within: int, beyond: int, fault: str
) -> None:
    now = int(time.time())
    held, late = ({"user": "ada", claim: now + each} for each in (within, beyond))
    assert user_of(BY_SECRET, bearer(token(**held))) == "ada"  # type: ignore[arg-type]
    assert fault in refusal(BY_SECRET, bearer(token(**late)))  # type: ignore[arg-type]


def test_a_token_that_cannot_be_meant_costs_nothing() -> None:
    assert "longer than 16000" in refusal(BY_SECRET, bearer("a" * 16_000 + ".b.c"))
    nested = base64.urlsafe_b64encode(b"[" * 5_000).rstrip(b"=").decode()
    assert "it cannot be read" in refusal(BY_SECRET, bearer(f"{nested}.e30.AAAA"))
    deep: list[Any] = []
    for _ in range(400):
        deep = [deep]
    assert user_of(BY_SECRET, bearer(token("ada", a=deep))) == "ada"


def test_issuer_and_audience_are_checked_where_they_are_set() -> None:
    settings = Settings(jwt_secret=SECRET, jwt_issuer="me", jwt_audience="likes")
    assert user_of(settings, bearer(token("ada", iss="me", aud=["likes", "more"]))) == "ada"
    assert "another audience" in refusal(settings, bearer(token("ada", iss="me", aud="x")))
    assert "no claim aud" in refusal(settings, bearer(token("ada", iss="me")))
    assert "another issuer" in refusal(settings, bearer(token("ada", iss="x", aud="likes")))
    assert "no claim iss" in refusal(settings, bearer(token("ada", aud="likes")))


@pytest.mark.parametrize("shown", [[], [bearer("gsk_a_key")], [("Authorization", "Basic YTpi")]])
def test_a_missing_token_is_asked_for(shown: list[tuple[str, str]]) -> None:
    assert "send the user's token" in refusal(BY_SECRET, *shown)


@pytest.mark.parametrize("text", ["a.b.c", "..", "eyJ.eyJ.é"])
def test_rubbish_is_refused(text: str) -> None:
    assert "it cannot be read" in refusal(BY_SECRET, bearer(text))


def test_without_a_setting_there_are_no_users() -> None:
    with pytest.raises(UsersDisabledError, match="GROUNDSWELL_JWT_SECRET"):
        user_of(Settings(), bearer(token("ada")), ("X-User", "ada"))


HEADER = Settings(user_header="X-User", trusted_proxies="10.0.0.0/8")


def test_a_header_is_believed_from_trusted_proxies_only() -> None:
    assert user_of(HEADER, ("X-User", " Zoë "), peer="10.1.2.3") == "Zoë"
    assert user_of(HEADER, ("x-user", "ada"), peer="::ffff:10.1.2.3") == "ada"
    for peer in ("192.0.2.1", "a socket"):
        assert "TRUSTED_PROXIES only" in refusal(HEADER, ("X-User", "ada"), peer=peer)
    with pytest.raises(NotSignedInError):
        user_of(HEADER, ("X-User", "ada"), peer=None)
    # The hop before a proxy is told in a header, which anybody can send.
    forwarded = ("X-Forwarded-For", "10.0.0.1")
    assert "only" in refusal(HEADER, ("X-User", "ada"), forwarded)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ([], "the proxy sent no x-user"),
        (["ada", "ada"], "more than once"),
        ([""], "1 to 200 characters"),
        (["a" * 201], "1 to 200 characters"),
        ([b"\xff"], "1 to 200 characters"),
    ],
)
def test_a_header_that_names_nobody_is_refused(given: list[str], said: str) -> None:
    headers = [("X-User", value) for value in given]
    assert said in refusal(HEADER, *headers, peer="10.0.0.1")


def test_a_token_goes_before_the_header() -> None:
    both = Settings(jwt_secret=SECRET, user_header="X-User", trusted_proxies="10.0.0.1")
    named = ("X-User", "bob")
    assert user_of(both, named, bearer(token("ada")), peer="10.0.0.1") == "ada"
    assert user_of(both, named, peer="10.0.0.1") == "bob"
    expired = bearer(token("ada", exp=1))
    assert "expired" in refusal(both, named, expired, peer="10.0.0.1")


SMALL = pem(rsa.generate_private_key(public_exponent=65_537, key_size=1_024))  # noqa: S505  # what is refused
PREFIX = "GROUNDSWELL_"


@pytest.mark.parametrize(
    ("environ", "fault"),
    [
        ({"JWT_SECRET": "too short"}, "JWT_SECRET: Expected `str` of length >= 32"),
        ({"JWT_PUBLIC_KEY": "rubbish"}, "JWT_PUBLIC_KEY: is no public key in PEM form"),
        ({"JWT_PUBLIC_KEY": SMALL}, "has 1024 bits"),
        ({"JWT_PUBLIC_KEY": pem(ed25519.Ed25519PrivateKey.generate())}, "neither an RSA key"),
        ({"JWT_PUBLIC_KEY": pem(ec.generate_private_key(ec.SECP384R1()))}, "P-256"),
        ({"JWT_SECRET": SECRET, "JWT_PUBLIC_KEY": pem(EC)}, "set one of them"),
        ({"USER_HEADER": "X-User"}, "GROUNDSWELL_TRUSTED_PROXIES only: set both"),
        ({"USER_HEADER": "X User"}, "USER_HEADER='X User'"),
    ],
)
def test_settings_that_cannot_be_are_refused(environ: dict[str, str], fault: str) -> None:
    with pytest.raises(SettingError) as raised:
        read_settings({PREFIX + name: value for name, value in environ.items()})
    assert fault in raised.value.detail
    assert "too short" not in raised.value.detail
