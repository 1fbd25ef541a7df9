"""What a caller of uploads can meet."""

from __future__ import annotations

from app.errors import GroundswellError


class UploadsDisabledError(GroundswellError):
    """The settings name no store that uploads could go to."""

    slug = "uploads-disabled"
    status = 404
    title = "Uploads are switched off"
    remedy = "Whoever runs the service sets GROUNDSWELL_UPLOAD_STORE_URL and what belongs to it."


class UnknownUploadError(GroundswellError):
    """No upload has this id, or it is somebody else's."""

    slug = "unknown-upload"
    status = 404
    title = "There is no such upload"
    remedy = "Take the id that POST /uploads answered to the same user or key, or begin a new one."


class UploadGoneError(GroundswellError):
    """The upload was not finalised in time, or its item was erased."""

    slug = "upload-gone"
    status = 410
    title = "The upload is gone"
    remedy = "Begin a new one by POST /uploads."


class UploadHeldError(GroundswellError):
    """Another request finalises the upload: the same again later is answered with what it did."""

    slug = "upload-held"
    status = 409
    title = "Another request finalises the upload"
    retry_after = 1.0


class UploadIncompleteError(GroundswellError):
    """The object is not in the store, or is not what was declared."""

    slug = "upload-incomplete"
    status = 409
    title = "The store does not have what was declared"
    remedy = "Put the bytes to the address that POST /uploads gave, with its headers; then again."
    retry_after = 1.0
