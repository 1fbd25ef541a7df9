-- The catalogue with lifetime counts, in the order of registration.
select
    item.external_id as "contentId",
    item.content_type as "contentType",
    item.title,
    item.category,
    item.creator,
    to_char(item.published_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')
        as "publishedAt",
    item.attributes,
    to_char(item.created_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as "createdAt",
    counts.views,
    counts.likes,
    counts.comments,
    counts.shares,
    counts.watch_seconds as "watchSeconds"
from core.item as item
inner join api.item_popularity as counts
    on item.content_type = counts.content_type and item.external_id = counts.content_id
order by item.item_id
