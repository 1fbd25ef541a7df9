"""Tokens of users, signed as an application of theirs would."""

from __future__ import annotations

import time
from typing import Any

import jwt

SECRET = "a secret of the tests, long enough for HS256"


def token(user: str, *, key: Any = SECRET, algorithm: str = "HS256", **claims: object) -> str:
    """Sign a token that holds for a minute; a claim that is None is left out."""
    now = int(time.time())
    given = {"sub": user, "iat": now, "exp": now + 60, **claims}
    return jwt.encode(
        {name: value for name, value in given.items() if value is not None},
        key,
        algorithm=algorithm,
    )


def signed_in(user: str, **claims: Any) -> dict[str, str]:
    """Return the header of a request of that user."""
    return {"authorization": f"Bearer {token(user, **claims)}"}
