"""Signed addresses of an S3-compatible store: AWS Signature Version 4 in the query string.

https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html

Whoever has such an address may send that one request until it runs out, with the headers that were
signed. It holds the id of the access key, never its secret.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from datetime import UTC, datetime
from urllib.parse import quote, urlsplit

import msgspec

_ALGORITHM = "AWS4-HMAC-SHA256"


class Signer(msgspec.Struct, frozen=True, kw_only=True):
    """Signs with one access key, for one region."""

    access_key: str
    secret_key: str
    region: str

    def __repr__(self) -> str:
        """Leave out the secret, wherever this is shown."""
        return f"Signer({self.access_key!r}, region={self.region!r})"

    def signed(
        self, method: str, url: str, *, headers: Mapping[str, str], seconds: int, now: datetime
    ) -> str:
        """Return `url`, whose path is percent-encoded, signed for `seconds` from `now` on.

        The request must have these headers, whose names are in lower case; Host is added.
        """
        moment = now.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
        scope = f"{moment[:8]}/{self.region}/s3/aws4_request"
        parts = urlsplit(url)
        sent = {name: " ".join(value.split()) for name, value in headers.items()}
        sent["host"] = parts.netloc
        names = ";".join(sorted(sent))
        query = "&".join(
            f"{quote(name, safe='')}={quote(value, safe='')}"
            for name, value in (
                ("X-Amz-Algorithm", _ALGORITHM),
                ("X-Amz-Credential", f"{self.access_key}/{scope}"),
                ("X-Amz-Date", moment),
                ("X-Amz-Expires", str(seconds)),
                ("X-Amz-SignedHeaders", names),
            )
        )
        lines = "".join(f"{name}:{sent[name]}\n" for name in sorted(sent))
        asked = f"{method}\n{parts.path}\n{query}\n{lines}\n{names}\nUNSIGNED-PAYLOAD"
        digest = hashlib.sha256(asked.encode()).hexdigest()
        text = f"{_ALGORITHM}\n{moment}\n{scope}\n{digest}"
        signature = hmac.new(self._key(scope), text.encode(), hashlib.sha256).hexdigest()
        return f"{url}?{query}&X-Amz-Signature={signature}"

    def _key(self, scope: str) -> bytes:
        key = f"AWS4{self.secret_key}".encode()
        for part in scope.split("/"):
            key = hmac.new(key, part.encode(), hashlib.sha256).digest()
        return key
