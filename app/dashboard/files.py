"""`/static/…`: what the pages load, read once and sent from memory."""

from __future__ import annotations

import hashlib
import mimetypes
import re
from pathlib import Path, PurePosixPath

import msgspec
from litestar import Request, Response, get
from litestar.datastructures import State
from litestar.exceptions import NotFoundException
from litestar.params import FromPath

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
_IMPORT = re.compile(r'^(?:import|export) [^;"\n]*"(\.\.?/[^"]+\.js)";', re.MULTILINE)

PlainRequest = Request[object, object, State]


class StaticFile(msgspec.Struct, frozen=True, kw_only=True):
    """A file with what its answer needs."""

    body: bytes
    tag: str
    media_type: str


def read_files(folder: Path) -> dict[str, StaticFile]:
    """Return every file under `folder` by its path in it."""
    return {
        path.relative_to(folder).as_posix(): file_of(path.read_bytes(), path.name)
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def file_of(body: bytes, name: str) -> StaticFile:
    """Return a file of these bytes."""
    return StaticFile(
        body=body,
        tag=hashlib.sha256(body).hexdigest()[:12],
        media_type=mimetypes.guess_type(name)[0] or "application/octet-stream",
    )


FILES = read_files(FOLDER)
VERSION = hashlib.sha256(
    "".join(f"{name} {FILES[name].tag}" for name in FILES).encode()
).hexdigest()[:12]
"""Of all files together: a module's address changes with the modules that it imports."""


def static_url(name: str) -> str:
    """Return the address of a file, which changes when any of them does."""
    if name not in FILES:
        raise LookupError(f"{name} is no file of {FOLDER}")
    return f"/static/{VERSION}/{name}"


def modules_of(*names: str) -> list[str]:
    """Return scripts and all that they import, so that a page can ask for them all at once."""
    found: dict[str, None] = {}
    waiting = list(names)
    while waiting:
        name = waiting.pop(0)
        if name not in found:
            found[name] = None
            here = PurePosixPath(name).parent
            waiting += [
                _normal(here / imported) for imported in _IMPORT.findall(FILES[name].body.decode())
            ]
    return list(found)


def _normal(path: PurePosixPath) -> str:
    parts: list[str] = []
    for part in path.parts:
        if part == "..":
            parts.pop()
        elif part != ".":
            parts.append(part)
    return "/".join(parts)


@get("/static/{path:path}", include_in_schema=False)
async def static(request: PlainRequest, path: FromPath[Path]) -> Response[bytes]:
    """Return a file; forever when asked for by the version.

    A process of another version, in the middle of an upgrade, has the file too, and says so.
    """
    version, _, rest = path.as_posix().lstrip("/").partition("/")
    found = FILES.get(rest) or FILES.get(f"{version}/{rest}" if rest else version)
    if found is None:
        raise NotFoundException(f"{path.as_posix()} is no file of the pages")
    is_exact = version == VERSION
    return respond(request, found, cache=FOREVER if is_exact else REVALIDATE)


def respond(
    request: PlainRequest, file: StaticFile, *, cache: str, vary: str | None = None
) -> Response[bytes]:
    """Answer with a file, or with 304 to who has it."""
    etag = f'"{file.tag}"'
    headers = {**PAGE_HEADERS, "etag": etag, "cache-control": cache}
    if vary is not None:
        headers["vary"] = vary
    if names_tag(request.headers.get("if-none-match", "").encode(), etag.encode()):
        return Response(b"", status_code=304, headers=headers, media_type=file.media_type)
    return Response(file.body, headers=headers, media_type=file.media_type)
