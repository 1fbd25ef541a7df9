"""What the files of an export hold, column by column; moments are text in UTC, such as JSON's."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from app.ingest.wire import EventType


class ExportedEvent(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A raw event that counts, as `groundswell import` takes it."""

    id: UUID
    type: EventType
    content_id: str
    content_type: str
    occurred_at: str
    user_id: str | None
    session_id: str | None
    count: int
    seconds: float | None
    metadata: dict[str, Any] | None


class ExportedCounts(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Counts of an item in one bucket."""

    bucket: str
    content_id: str
    content_type: str
    title: str | None
    category: str | None
    creator: str | None
    views: int
    likes: int
    comments: int
    shares: int
    watch_seconds: float


class ExportedItem(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """An item of the catalogue with its lifetime counts."""

    content_id: str
    content_type: str
    title: str | None
    category: str | None
    creator: str | None
    published_at: str | None
    attributes: dict[str, Any]
    created_at: str
    views: int
    likes: int
    comments: int
    shares: int
    watch_seconds: float


class Start(msgspec.Struct, frozen=True, kw_only=True):
    """Since when there is something to export."""

    since: datetime | None
