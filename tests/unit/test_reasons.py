"""Why a body could not be decoded, in the caller's terms."""

from __future__ import annotations

from typing import Literal

import msgspec
import pytest
from msgspec import UNSET, UnsetType

from app.errors import BadRequestError
from app.http.body import decoded_bytes


class Part(msgspec.Struct):
    """A Struct in another."""

    mode: Literal["b", "a"]


class Whole(msgspec.Struct):
    """What is decoded."""

    status: Literal["on", "off"] | UnsetType = UNSET
    parts: list[Part] = []
    note: str | None = None


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b'{"status": "x"}', "status: expected one of on, off"),
        (b'{"status": 1}', "status: expected one of on, off"),
        (b'{"parts": [{"mode": "c"}]}', "mode: expected one of b, a"),
        (b'{"note": 1}', "note: expected text"),
        (b"{", "the JSON ends too early"),
    ],
)
def test_a_field_with_few_words_lists_them(body: bytes, reason: str) -> None:
    with pytest.raises(BadRequestError) as raised:
        decoded_bytes(body, msgspec.json.Decoder(Whole))
    assert reason in raised.value.detail
