"""What receivers of an alert get to read."""

from __future__ import annotations

import msgspec

from app.alerts.queries import RaisedAlert
from app.alerts.wire import AlertedItem, AlertMessage, Condition, Subscribed

TYPES = {
    "enters_top": "alert.entersTop",
    "breaks_out": "alert.breaksOut",
    "passes_count": "alert.passesCount",
    "test": "alert.test",
}

_encode = msgspec.json.Encoder().encode


def message_id(alert_id: int) -> str:
    """Return the id that all receivers know an alert by."""
    return f"alert_{alert_id}"


def encode_message(raised: RaisedAlert) -> bytes:
    """Return an alert as JSON."""
    item = None
    if raised.content_id is not None and raised.content_type is not None:
        item = AlertedItem(
            content_id=raised.content_id, content_type=raised.content_type, title=raised.title
        )
    message = AlertMessage(
        id=message_id(raised.alert_id),
        type=TYPES[raised.alert_type],  # type: ignore[arg-type]  # a constraint keeps them
        occurred_at=raised.occurred_at,
        alert=Subscribed(
            id=raised.subscription_id,
            name=raised.subscription_name,
            condition=msgspec.convert(raised.condition, Condition),
        ),
        item=item,
        ranking=raised.ranking,
        run_id=raised.run_id,
        rank=raised.rank,
        previous_rank=raised.previous_rank,
        score=raised.score,
        count=raised.count,
    )
    return _encode(message)
