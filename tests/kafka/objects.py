"""As much of S3 as the broker keeps its log in, so that it can be killed and find all again."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import md5
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    objects: dict[str, bytes]
    lock: threading.Lock

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def handle_one_request(self) -> None:
        """Answer; who was killed hears no answer."""
        try:
            super().handle_one_request()
        except ConnectionError:
            self.close_connection = True

    def _answer(self, status: int, body: bytes = b"", etag: str = "") -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Last-Modified", "Thu, 01 Jan 2026 00:00:00 GMT")
        if etag:
            self.send_header("ETag", etag)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        if "list-type" in (query := parse_qs(url.query)):
            self._answer(200, self._listed(query.get("prefix", [""])[0]))
            return
        with self.lock:
            body = self.objects.get(unquote(url.path))
        if body is None:
            self._answer(404, b"<Error><Code>NoSuchKey</Code></Error>")
        elif self.headers.get("If-None-Match") == _etag(body):
            self._answer(304, etag=_etag(body))
        else:
            self._answer(200, body, _etag(body))

    do_HEAD = do_GET  # noqa: N815

    def do_PUT(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        path = unquote(urlsplit(self.path).path)
        with self.lock:
            there = self.objects.get(path)
            if self.headers.get("If-None-Match") == "*" and there is not None:
                self._answer(412, b"<Error><Code>PreconditionFailed</Code></Error>")
                return
            wanted = self.headers.get("If-Match")
            if wanted is not None and (there is None or wanted != _etag(there)):
                self._answer(412, b"<Error><Code>PreconditionFailed</Code></Error>")
                return
            # Moved to the end: the newest is the last.
            self.objects.pop(path, None)
            self.objects[path] = body
        self._answer(200, etag=_etag(body))

    def do_DELETE(self) -> None:
        with self.lock:
            self.objects.pop(unquote(urlsplit(self.path).path), None)
        self._answer(204)

    def _listed(self, prefix: str) -> bytes:
        bucket = urlsplit(self.path).path.strip("/")
        with self.lock:
            names = [
                name.removeprefix(f"/{bucket}/")
                for name in self.objects
                if name.startswith(f"/{bucket}/{prefix}")
            ]
            contents = "".join(
                f"<Contents><Key>{escape(name)}</Key><Size>1</Size><ETag>x</ETag>"
                f"<LastModified>2026-01-01T00:00:{number // 10**6:02}.{number % 10**6:06}Z"
                "</LastModified></Contents>"
                for number, name in sorted(enumerate(names), key=lambda each: each[1])
            )
        return (
            f"<ListBucketResult><Name>{bucket}</Name><Prefix>{escape(prefix)}</Prefix>"
            f"<KeyCount>{len(names)}</KeyCount><IsTruncated>false</IsTruncated>{contents}"
            "</ListBucketResult>"
        ).encode()


def _etag(body: bytes) -> str:
    return f'"{md5(body, usedforsecurity=False).hexdigest()}"'


@contextmanager
def object_store() -> Iterator[dict[str, str]]:
    """Serve a bucket from memory; gives the environment that leads there."""
    handler = type("Handler", (_Handler,), {"objects": {}, "lock": threading.Lock()})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield {
            "AWS_ENDPOINT": f"http://127.0.0.1:{server.server_port}",
            "AWS_ALLOW_HTTP": "true",
            "AWS_ACCESS_KEY_ID": "any",
            "AWS_SECRET_ACCESS_KEY": "any",
            "AWS_DEFAULT_REGION": "us-east-1",
        }
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
