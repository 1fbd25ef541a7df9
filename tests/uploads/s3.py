"""moto's S3 on a real port, made as strict as a store is: it looks at signatures and checksums."""

from __future__ import annotations

import base64
import hashlib
import io
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs

from botocore.auth import S3SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from moto.moto_server.werkzeug_app import create_backend_app
from moto.s3.models import s3_backends
from werkzeug.serving import WSGIRequestHandler, make_server

ACCOUNT = "123456789012"
"""Whose buckets moto's are."""
ACCESS_KEY, SECRET_KEY, REGION, BUCKET = "AKTESTS", "a secret of the tests", "eu-test-1", "files"


class S3:
    """The server: what it was asked, and what it holds."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str]] = []
        """Method and path of each request that it has let in."""
        self.refused: list[str] = []
        """Why it has not let in the others."""
        self.port = 0
        self._app = create_backend_app("s3")

    @property
    def keys(self) -> set[str]:
        """What is in the bucket."""
        return set(self._bucket.keys)

    def lose_checksum(self, key: str) -> None:
        """Make an object as one of an older store."""
        self._bucket.keys[key].checksum_algorithm = None

    def copy(self, old: str, new: str) -> None:
        """Put an object where another one belongs."""
        self._bucket.keys[new] = self._bucket.keys[old]

    @property
    def _bucket(self) -> Any:
        return s3_backends[ACCOUNT]["aws"].buckets[BUCKET]

    def reset(self) -> None:
        """Empty the bucket."""
        backend: Any = s3_backends[ACCOUNT]["aws"]
        backend.reset()
        backend.create_bucket(BUCKET, REGION)
        self.asked.clear()
        self.refused.clear()

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        if fault := _fault(environ, body):
            self.refused.append(fault)
            start_response("403 Forbidden", [("content-length", "0")])
            return [b""]
        environ["wsgi.input"] = io.BytesIO(body)
        self.asked.append((environ["REQUEST_METHOD"], environ["PATH_INFO"]))
        return self._app(environ, start_response)


class _Quiet(WSGIRequestHandler):
    protocol_version = "HTTP/1.1"

    def log(self, *_: Any) -> None:
        pass


@contextmanager
def serving() -> Iterator[S3]:
    s3 = S3()
    s3.reset()
    server = make_server("127.0.0.1", 0, s3, threaded=True, request_handler=_Quiet)
    s3.port = server.server_port
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield s3
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def signature_of(
    method: str, url: str, headers: dict[str, str], *, moment: str, seconds: int
) -> str:
    """Return the signature that botocore, AWS' own client, computes."""
    auth: Any = S3SigV4QueryAuth(Credentials(ACCESS_KEY, SECRET_KEY), "s3", REGION, expires=seconds)
    request: Any = AWSRequest(method=method, url=url, headers=headers)
    request.context["timestamp"] = moment
    auth._modify_request_before_signing(request)
    text = auth.string_to_sign(request, auth.canonical_request(request))
    return str(auth.signature(text, request))


def _fault(environ: dict[str, Any], body: bytes) -> str | None:
    """Say what a store would not like of a request."""
    given = {name: values[0] for name, values in parse_qs(environ["QUERY_STRING"]).items()}
    moment, seconds = given.get("X-Amz-Date", ""), int(given.get("X-Amz-Expires", 0))
    signed = {
        name: environ.get(_variable(name), "")
        for name in given.get("X-Amz-SignedHeaders", "").split(";")
        if name != "host"
    }
    expected = signature_of(
        environ["REQUEST_METHOD"],
        f"http://{environ['HTTP_HOST']}{environ['PATH_INFO']}",
        signed,
        moment=moment,
        seconds=seconds,
    )
    if not moment or given.get("X-Amz-Signature") != expected:
        return "SignatureDoesNotMatch"
    begun = datetime.strptime(moment, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    if datetime.now(UTC) > begun + timedelta(seconds=seconds):
        return "Request has expired"
    declared = environ.get("HTTP_X_AMZ_CHECKSUM_SHA256")
    if declared and declared != base64.b64encode(hashlib.sha256(body).digest()).decode():
        return "BadDigest"
    return None


def _variable(header: str) -> str:
    name = header.upper().replace("-", "_")
    return name if name in {"CONTENT_TYPE", "CONTENT_LENGTH"} else f"HTTP_{name}"
