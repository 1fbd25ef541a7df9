-- How many users like each of some items, and whether one does; no row for an unknown item.
select
    item.content_type,
    item.external_id as content_id,
    coalesce(mine.liked, false) as has_liked,
    coalesce(counted.likes, 0) as likes,
    coalesce(counted.version, 0) as version
from
    unnest(%(content_types)s::text[], %(content_ids)s::text[])
        as wanted (content_type, external_id)
inner join core.item as item
    on
        wanted.content_type = item.content_type
        and wanted.external_id = item.external_id
left join core.item_like as mine
    on item.item_id = mine.item_id and mine.user_id = %(user_id)s::text
left join core.item_like_count as counted on item.item_id = counted.item_id;
