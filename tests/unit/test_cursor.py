"""Cursors: what is encoded comes back, and nothing else is taken for a cursor."""

from __future__ import annotations

import base64
import string

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.errors import BadRequestError
from app.http.cursor import MAX_LENGTH
from app.rankings.cursor import Cursor, decode_cursor, encode_cursor

CURSOR = Cursor(
    ranking="trending_24h", run_id=7, segment="category:Müsik", content_type="movie", rank=11
)

texts = st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), min_size=1)
cursors = st.builds(
    Cursor,
    ranking=st.text(string.ascii_lowercase + string.digits + "_", min_size=1, max_size=63),
    run_id=st.integers(1, 2**63 - 1),
    segment=st.just("") | texts.map(lambda text: f"category:{text[:200]}"),
    content_type=st.none() | texts.map(lambda text: text[:200]),
    rank=st.integers(1, 2**31 - 1),
)


@given(cursors)
def test_a_cursor_comes_back_as_it_was(cursor: Cursor) -> None:
    text = encode_cursor(cursor)
    assert decode_cursor(text) == cursor
    assert set(text) <= set(string.ascii_letters + string.digits + "-_")
    assert len(text) <= MAX_LENGTH


@given(st.text(max_size=60))
def test_no_other_text_is_a_cursor(text: str) -> None:
    with pytest.raises(BadRequestError, match=r"^cursor:"):
        decode_cursor(text)


def packed(*fields: object) -> str:
    return base64.urlsafe_b64encode(msgspec.msgpack.encode(fields)).rstrip(b"=").decode()


@pytest.mark.parametrize(
    "text",
    [
        "",
        encode_cursor(CURSOR) + "A",
        encode_cursor(CURSOR) + "=",
        encode_cursor(CURSOR)[:-1],
        " " + encode_cursor(CURSOR),
        packed(2, "trending_24h", 7, "", None, 11),
        packed(1, "trending_24h", 0, "", None, 11),
        packed(1, "trending_24h", 2**63, "", None, 11),
        packed(1, "trending_24h", 7, "", None, 0),
        packed(1, "", 7, "", None, 1),
        packed(1, "trending\x00", 7, "", None, 1),
        packed(1, "trending_24h", 7, "category:\x00", None, 1),
        packed(1, "trending_24h", 7, "", "\x00", 1),
        packed(1, "trending_24h", 7, "c" * 301, None, 1),
        packed(1, "trending_24h", 7, "", None, 1, "more"),
        "A" * 100_000,
    ],
)
def test_what_was_tampered_with_is_refused(text: str) -> None:
    with pytest.raises(BadRequestError, match=r"^cursor:"):
        decode_cursor(text)
