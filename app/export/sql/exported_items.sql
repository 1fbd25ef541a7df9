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
    coalesce(counts.views, 0) as views,
    coalesce(counts.likes, 0) as likes,
    coalesce(counts.comments, 0) as comments,
    coalesce(counts.shares, 0) as shares,
    coalesce(counts.watch_seconds, 0) as "watchSeconds"
from core.item as item
left join api.item_popularity as counts
    on item.content_type = counts.content_type and item.external_id = counts.content_id
order by item.item_id
