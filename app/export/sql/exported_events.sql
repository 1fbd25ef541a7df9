-- The events of a stretch of time that count, in order, as `groundswell import` takes them.
select
    event.event_id as id,
    event.event_type as type,
    item.external_id as "contentId",
    item.content_type as "contentType",
    to_char(event.occurred_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')
        as "occurredAt",
    event.user_id as "userId",
    event.session_id as "sessionId",
    event.count,
    event.seconds,
    event.metadata
from core.event as event
inner join core.item as item on event.item_id = item.item_id
where
    event.counted
    and event.occurred_at >= %(since)s::timestamptz
    and event.occurred_at < %(until)s::timestamptz
order by event.occurred_at, event.event_id
