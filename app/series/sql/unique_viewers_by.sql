-- How many viewed in each bucket, of all items that filters let through, together or by name.
select
    seen.place,
    item.content_type,
    item.external_id as content_id,
    seen.subject,
    seen.viewers
from api.unique_viewers_by(
    %(edges)s::timestamptz[], %(wanted)s::jsonb, %(split_by)s::text
) as seen
left join core.item as item on seen.item_id = item.item_id;
