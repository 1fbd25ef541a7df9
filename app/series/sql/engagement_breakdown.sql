-- The groups of a period after one of them, and what the catalogue says of items.
select
    item.content_type,
    item.external_id as content_id,
    item.title,
    item.category,
    item.creator,
    part.item_id,
    part.subject,
    part.views,
    part.likes,
    part.comments,
    part.shares,
    part.watch_seconds,
    part.value,
    part.previous,
    part.total
from api.engagement_breakdown(
    %(period)s::timestamptz[],
    %(compared)s::timestamptz[],
    %(wanted)s::jsonb,
    %(split_by)s::text,
    %(metric)s::text,
    %(after_value)s::double precision,
    %(after_item)s::bigint,
    %(after_subject)s::text,
    %(most)s::integer
) as part
left join core.item as item on part.item_id = item.item_id
order by part.value desc, part.item_id asc, part.subject collate "C" asc;
