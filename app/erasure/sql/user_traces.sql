-- Which items a user's events and likes are of, in which sessions.
select
    item.content_type,
    item.external_id,
    event.session_id
from core.event as event
inner join core.item as item on event.item_id = item.item_id
where event.user_id = %(user_id)s::text
group by item.content_type, item.external_id, event.session_id

union

select
    item.content_type,
    item.external_id,
    null::text as session_id
from core.item_like as liked
inner join core.item as item on liked.item_id = item.item_id
where liked.user_id = %(user_id)s::text
