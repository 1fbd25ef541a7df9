-- What a user viewed and watched, newest first, from below a place on.
select
    event.event_id,
    event.event_type::text,
    item.external_id as content_id,
    item.content_type,
    item.title,
    item.category,
    item.creator,
    event.count,
    event.seconds,
    event.occurred_at
from core.event as event
inner join core.item as item on event.item_id = item.item_id
where
    event.user_id = %(user_id)s::text
    and event.event_type in ('view', 'watch_time')
    -- By itself, so that chunks after it are left out.
    and event.occurred_at <= %(before)s::timestamptz
    and (event.occurred_at, event.event_id)
    < (%(before)s::timestamptz, %(before_event)s::uuid)
    and not exists (
        select 1
        from core.item_exclusion as excluded
        where excluded.item_id = event.item_id and excluded.excluded_by = 'erasure'
    )
order by event.occurred_at desc, event.event_id desc
limit %(most)s::integer;
