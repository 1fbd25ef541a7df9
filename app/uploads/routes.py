"""`/uploads`: files that callers put into the store themselves, and that become items once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Response, Router, post
from litestar.di import NamedDependency
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import PathParameter

from app.access.guard import caller_of, require, user_if_any
from app.errors import (
    ForbiddenError,
    LockLostError,
    NotSignedInError,
    RateLimitedError,
    TooLargeError,
    UnauthorizedError,
    UnavailableError,
)
from app.http.answers import AnyRequest, passing
from app.http.body import decoded
from app.http.openapi_bodies import json_body
from app.http.problems import documented
from app.http.wire import id_text
from app.ingest import keys
from app.ingest.allowance import allow
from app.ingest.limits import Limit, limit_headers
from app.runtime.moments import moment_of, unix_microseconds
from app.services import Services
from app.uploads.errors import (
    UnknownUploadError,
    UploadGoneError,
    UploadHeldError,
    UploadIncompleteError,
    UploadsDisabledError,
)
from app.uploads.queries import create_upload
from app.uploads.store import Store, base64_of
from app.uploads.wire import FinalizedUpload, Upload, UploadIn

MAX_BODY = 16_000
"""Room for all names and the longest title, with each character escaped."""
DECODER = msgspec.json.Decoder(UploadIn)

UploadId = Annotated[UUID, PathParameter(description="Id of the upload.")]


@post(
    "/uploads",
    status_code=201,
    request_max_body_size=None,
    summary="Begin an upload",
    description="Answers where to put the bytes, and with which headers: they go straight to the "
    "store, which takes these and no others. Signed-in users may, and secret keys that may write. "
    "An upload that is not finalised in time is dropped.",
    operation_id="beginUpload",
    operation_class=json_body(UploadIn),
    guards=[require("write")],
    responses={
        201: ResponseSpec(Upload, description="Where to put the bytes", generate_examples=False),
        **documented(NotSignedInError, UploadsDisabledError, TooLargeError, RateLimitedError),
    },
)
async def begin(request: AnyRequest, services: NamedDependency[Services]) -> Response[bytes]:
    """Note a pending upload, and sign the address for its bytes."""
    store = _store_of(services)
    owner = await _owner_of(request)
    settings = services.settings
    headers = limit_headers(await allow(services.redis, _limits(services, owner)))
    given = await decoded(request, DECODER, limit=MAX_BODY)
    if given.size > settings.upload_max_bytes:
        raise TooLargeError(f"size: at most {settings.upload_max_bytes} bytes are allowed")
    now = unix_microseconds()
    upload_id, begun = UUID(bytes=services.new_id(now // 1_000)), moment_of(now)
    entry = await _entry_of(request, owner, given, upload_id)
    expires_at = begun + timedelta(seconds=settings.upload_url_seconds)
    digest = bytes.fromhex(given.sha256)
    async with services.connected() as connection:
        await create_upload(
            connection,
            upload_id=upload_id,
            owner=owner,
            object_key=_key_of(upload_id),
            size_bytes=given.size,
            digest=digest,
            media_type=given.media_type,
            entry=msgspec.json.encode(entry),
            expires_at=expires_at,
            abandoned_at=expires_at + timedelta(hours=settings.upload_hours),
            as_of=begun,
        )
    # It is signed, so that nothing else can be put there.
    needed = {
        "content-length": str(given.size),
        "content-type": given.media_type,
        "x-amz-checksum-sha256": base64_of(digest),
        "x-amz-sdk-checksum-algorithm": "SHA256",
    }
    answer = Upload(
        id=upload_id,
        content_id=str(entry["contentId"]),
        content_type=given.content_type,
        method="PUT",
        url=store.put_url(
            _key_of(upload_id), headers=needed, seconds=settings.upload_url_seconds, now=begun
        ),
        headers=needed,
        expires_at=expires_at,
    )
    return passing(request, answer, status=201, headers=headers)


@post(
    "/uploads/{upload_id:uuid}/finalize",
    status_code=200,
    summary="Finalise an upload",
    description="Looks whether the store has the bytes as they were declared, and writes the item "
    "into the catalogue: once, however many ask for it at the same time. Repeated, it answers the "
    "same; while another request works on it, 409 with Retry-After.",
    operation_id="finalizeUpload",
    guards=[require("write")],
    responses={
        200: ResponseSpec(FinalizedUpload, description="It is an item", generate_examples=False),
        **documented(
            NotSignedInError,
            UploadsDisabledError,
            UnknownUploadError,
            UploadHeldError,
            UploadIncompleteError,
            UploadGoneError,
            UnavailableError,
            LockLostError,
        ),
    },
)
async def finalize(
    request: AnyRequest, services: NamedDependency[Services], upload_id: UploadId
) -> Response[bytes]:
    """Finalise an upload of the caller."""
    if services.finalizing is None:
        raise UploadsDisabledError(_DISABLED)
    owner = await _owner_of(request)
    found = await services.finalizing.finalize(upload_id, owner=None if owner == ADMIN else owner)
    item = found.content_type or "", found.content_id or ""
    # Of a repeated request too: the first may have ended before it came to this.
    if services.known_items is not None:
        await services.known_items.written([item])
    await services.stats.end([item])
    answer = FinalizedUpload(
        id=upload_id,
        content_id=item[1],
        content_type=item[0],
        key=found.object_key,
        size=found.size_bytes,
        sha256=found.digest.hex(),
        media_type=found.media_type,
        finalized_at=(found.finalized_at or datetime.now(UTC)).astimezone(UTC),
    )
    return passing(request, answer)


ADMIN = "admin"
"""Owner of what the admin key begins; it may finalise anybody's."""
_DISABLED = "set GROUNDSWELL_UPLOAD_STORE_URL and what belongs to it, and restart"


def _store_of(services: Services) -> Store:
    if services.store is None:
        raise UploadsDisabledError(_DISABLED)
    return services.store


async def _owner_of(request: AnyRequest) -> str:
    """Return whose an upload is: the signed-in user's, or the key's.

    Raises `UnauthorizedError` for whoever shows neither: an address to put bytes to is paid for.
    """
    user_id = user_if_any(request)
    if user_id is not None:
        return f"user:{user_id}"
    caller = await caller_of(request)
    if not caller.is_server:
        raise UnauthorizedError(
            "uploads are for signed-in users and secret keys: send a token or a key"
        )
    return ADMIN if caller.key is None else f"key:{caller.key.key_id}"


def _limits(services: Services, owner: str) -> tuple[Limit, ...]:
    per_minute = services.settings.upload_limit_per_minute
    if not per_minute or owner == ADMIN:
        return ()
    bucket = keys.rate("upload", owner)
    return (Limit("user" if owner.startswith("user:") else "key", bucket, per_minute),)


async def _entry_of(
    request: AnyRequest, owner: str, given: UploadIn, upload_id: UUID
) -> dict[str, object]:
    """Return the catalogue entry that an upload becomes, as `PUT /items` takes it.

    Raises `ForbiddenError` where a user without a key would write what is somebody else's.
    """
    creator = given.creator
    if not (await caller_of(request)).is_server:
        user_id = owner.removeprefix("user:")
        if given.content_id is not None:
            raise ForbiddenError("contentId: only a secret key may name the item")
        if creator not in {None, user_id}:
            raise ForbiddenError("creator: only a secret key may name somebody else")
        creator = user_id
    content_id = str(upload_id) if given.content_id is None else id_text(given.content_id)
    entry: dict[str, object] = {
        "contentId": content_id,
        "contentType": given.content_type,
        "title": given.title,
        "category": given.category,
        "creator": creator,
        "attributes": {
            "upload": {
                "key": _key_of(upload_id),
                "mediaType": given.media_type,
                "size": given.size,
                "sha256": given.sha256.lower(),
            }
        },
    }
    return {name: value for name, value in entry.items() if value is not None}


def _key_of(upload_id: UUID) -> str:
    """Return where in the bucket an upload goes."""
    return f"uploads/{upload_id}"


router = Router("/", route_handlers=[begin, finalize], tags=["Uploads"])
