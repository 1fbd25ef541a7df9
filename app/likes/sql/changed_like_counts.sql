-- Like counts that changed in a stretch of time, the oldest change first, from above a place on.
select
    item.content_type,
    item.external_id as content_id,
    counted.likes,
    counted.version,
    counted.changed_at,
    counted.item_id
from core.item_like_count as counted
inner join core.item as item on counted.item_id = item.item_id
where
    (counted.changed_at, counted.item_id) > (%(after)s::timestamptz, %(after_item)s::bigint)
    and counted.changed_at <= %(until)s::timestamptz
order by counted.changed_at, counted.item_id
limit %(most)s::integer;
