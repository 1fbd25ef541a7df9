-- What events say, as far as they are still there; whoever was erased is not in them any more.
select
    event.event_id,
    event.event_type,
    item.external_id as content_id,
    item.content_type,
    event.occurred_at,
    event.received_at,
    event.count,
    event.seconds,
    event.user_id,
    event.session_id,
    event.metadata::text as metadata,
    event.counted,
    event.uncounted_because,
    event.item_id
from core.event as event
inner join core.item as item on event.item_id = item.item_id
where
    event.event_id = any(%(event_ids)s::uuid[])
    and event.occurred_at >= %(since)s::timestamptz
    and event.occurred_at <= %(until)s::timestamptz
