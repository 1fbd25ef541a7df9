"""Ids in JSON bodies: text, or a whole number that means its decimal text."""

from __future__ import annotations

import msgspec
import pytest

from app.errors import BadRequestError
from app.http.body import decoded_bytes
from app.http.wire import Id, Wire, id_text


class Named(Wire, frozen=True):
    """A body with an id."""

    content_id: Id


DECODER = msgspec.json.Decoder(Named)


@pytest.mark.parametrize(
    ("given", "text"), [("7", "7"), ("-7", "-7"), (str(2**63 - 1), str(2**63 - 1)), ('"07"', "07")]
)
def test_an_id_is_text_or_a_whole_number(given: str, text: str) -> None:
    found = decoded_bytes(f'{{"contentId":{given}}}'.encode(), DECODER)
    assert id_text(found.content_id) == text


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ("true", "expected text or a whole number"),
        ("1.5", "expected text or a whole number"),
        ("null", "missing"),
        ('""', "expected text of length >= 1"),
        (str(2**63), f"expected a whole number <= {2**63 - 1}"),
    ],
)
def test_another_value_is_refused_with_a_reason(given: str, reason: str) -> None:
    with pytest.raises(BadRequestError) as caught:
        decoded_bytes(f'{{"contentId":{given}}}'.encode(), DECODER)
    assert str(caught.value).endswith(f"contentId: {reason}")
