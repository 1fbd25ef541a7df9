"""Signed addresses: as AWS documents them, and as its own client computes them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from app.uploads.signature import Signer
from tests.uploads.s3 import ACCESS_KEY, REGION, SECRET_KEY, signature_of


def test_the_documented_example() -> None:
    """That of AWS' page on query string authentication."""
    signer = Signer(
        access_key="AKIAIOSFODNN7EXAMPLE",
        secret_key="wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
        region="us-east-1",
    )
    url = signer.signed(
        "GET",
        "https://examplebucket.s3.amazonaws.com/test.txt",
        headers={},
        seconds=86_400,
        now=datetime(2013, 5, 24, tzinfo=UTC),
    )
    assert url == (
        "https://examplebucket.s3.amazonaws.com/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256"
        "&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request"
        "&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host"
        "&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404"
    )
    assert "wJalr" not in repr(signer)


@pytest.mark.parametrize("method", ["PUT", "HEAD", "DELETE"])
@pytest.mark.parametrize(
    "base",
    ["http://127.0.0.1:9000/files", "https://s3.eu-test-1.amazonaws.com/a-b.c", "http://[::1]:9/b"],
)
@pytest.mark.parametrize("headers", [{}, {"content-type": "video/mp4", "x-amz-a": " two  words "}])
def test_it_is_as_the_client_of_aws_signs(method: str, base: str, headers: dict[str, str]) -> None:
    signer = Signer(access_key=ACCESS_KEY, secret_key=SECRET_KEY, region=REGION)
    url = f"{base}/uploads/019a2b6c%20%C3%A4~1"
    now = datetime(2026, 3, 14, 12, 30, 5, tzinfo=UTC)
    signed = signer.signed(method, url, headers=headers, seconds=60, now=now)
    expected = signature_of(method, url, headers, moment="20260314T123005Z", seconds=60)
    assert signed.endswith(f"&X-Amz-Signature={expected}")
