-- What buckets add up to, of the items asked for, together or apart.
select
    sums.place,
    item.content_type,
    item.external_id as content_id,
    sums.subject,
    sums.views,
    sums.likes,
    sums.comments,
    sums.shares,
    sums.watch_seconds
from api.engagement_sums(
    %(edges)s::timestamptz[], %(wanted)s::jsonb, %(split_by)s::text
) as sums
left join core.item as item on sums.item_id = item.item_id
order by sums.place;
