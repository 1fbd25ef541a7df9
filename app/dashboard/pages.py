"""`/` and `/static/…`: the dashboard and its files, read once and sent from memory."""

from __future__ import annotations

import hashlib
import mimetypes
from pathlib import Path

import msgspec
from litestar import Request, Response, Router, get
from litestar.datastructures import State
from litestar.exceptions import NotFoundException
from litestar.params import FromPath, FromQuery

from app.http.answers import names_tag

FOLDER = Path(__file__).with_name("static")
PAGE_HEADERS = {
    "content-security-policy": "default-src 'none'; script-src 'self'; style-src 'self'; "
    "img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'",
    "referrer-policy": "no-referrer",
}
REVALIDATE = "no-cache"
FOREVER = "public, max-age=31536000, immutable"

PlainRequest = Request[object, object, State]


class StaticFile(msgspec.Struct, frozen=True, kw_only=True):
    """A file of the dashboard with what its answer needs."""

    body: bytes
    version: str
    media_type: str


def read_files(folder: Path) -> dict[str, StaticFile]:
    """Return every file under `folder` by its path in it."""
    return {
        path.relative_to(folder).as_posix(): _file(path.read_bytes(), path.name)
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def _file(body: bytes, name: str) -> StaticFile:
    return StaticFile(
        body=body,
        version=hashlib.sha256(body).hexdigest()[:12],
        media_type=mimetypes.guess_type(name)[0] or "application/octet-stream",
    )


FILES = read_files(FOLDER)


def static_url(name: str) -> str:
    """Return the address of a static file, which changes with its content."""
    return f"/static/{name}?v={FILES[name].version}"


def _with_versions(page: StaticFile) -> StaticFile:
    """Give every `/static/…` address in a page the version of its file."""
    text = page.body.decode()
    for name in FILES:
        text = text.replace(f'"/static/{name}"', f'"{static_url(name)}"')
    return _file(text.encode(), "index.html")


INDEX = _with_versions(FILES.pop("index.html"))


@get("/", include_in_schema=False)
async def index(request: PlainRequest) -> Response[bytes]:
    """Return the dashboard."""
    return _respond(request, INDEX, cache=REVALIDATE)


@get("/static/{path:path}", include_in_schema=False)
async def static(
    request: PlainRequest, path: FromPath[Path], v: FromQuery[str] = ""
) -> Response[bytes]:
    """Return a file of the dashboard; forever when asked for by its version."""
    found = FILES.get(path.as_posix().lstrip("/"))
    if found is None:
        raise NotFoundException(f"{path.as_posix()} is no file of the dashboard")
    return _respond(request, found, cache=FOREVER if v == found.version else REVALIDATE)


def _respond(request: PlainRequest, file: StaticFile, *, cache: str) -> Response[bytes]:
    etag = f'"{file.version}"'
    headers = {**PAGE_HEADERS, "etag": etag, "cache-control": cache}
    if names_tag(request.headers.get("if-none-match", "").encode(), etag.encode()):
        return Response(b"", status_code=304, headers=headers, media_type=file.media_type)
    return Response(file.body, headers=headers, media_type=file.media_type)


router = Router("/", route_handlers=[index, static])
