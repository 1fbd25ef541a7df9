"""What verifies users' tokens: one key, and the one algorithm that goes with it.

The algorithm comes from the key, never from the token: a token that says it is signed in another
way, or not at all, is refused.
"""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

LEAST_RSA_BITS = 2_048


class TokenKey(NamedTuple):
    """A key to verify with."""

    key: Any
    """A text for HS256, else a public key."""
    algorithm: Literal["HS256", "RS256", "ES256"]


def secret_key(secret: str) -> TokenKey:
    """Return the key of those who share a secret."""
    return TokenKey(secret, "HS256")


def public_key(pem: str) -> TokenKey:
    r"""Return the key in a PEM, whose lines may be parted by `\n` as environment files need it.

    Raises `ValueError` for all but RSA keys of a sensible size and keys of the curve P-256.
    """
    try:
        key = load_pem_public_key(pem.replace("\\n", "\n").strip().encode())
    except (ValueError, UnsupportedAlgorithm):
        raise ValueError("is no public key in PEM form (-----BEGIN PUBLIC KEY-----)") from None
    if isinstance(key, RSAPublicKey):
        if key.key_size < LEAST_RSA_BITS:
            raise ValueError(f"has {key.key_size} bits; {LEAST_RSA_BITS} or more are needed")
        return TokenKey(key, "RS256")
    if isinstance(key, EllipticCurvePublicKey) and isinstance(key.curve, SECP256R1):
        return TokenKey(key, "ES256")
    raise ValueError("is neither an RSA key (RS256) nor one of the curve P-256 (ES256)")
