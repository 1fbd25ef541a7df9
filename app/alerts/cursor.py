"""Cursors of the lists below `/alerts`."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from app.http.cursor import Codec

Key = Annotated[int, Meta(ge=1, le=2**63 - 1)]


class AlertCursor(msgspec.Struct, frozen=True, kw_only=True, array_like=True):
    """After which subscription a page begins."""

    list_: Literal["alerts1"] = "alerts1"
    after: Key


class DeliveryCursor(msgspec.Struct, frozen=True, kw_only=True, array_like=True):
    """Before which try a page of a subscription's log begins."""

    list_: Literal["deliveries1"] = "deliveries1"
    subscription_id: Key
    before_alert: Key
    before_attempt: Annotated[int, Meta(ge=0, le=2**31 - 1)]


ALERTS = Codec(AlertCursor)
DELIVERIES = Codec(DeliveryCursor)
