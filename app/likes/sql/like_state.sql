-- Whether a user likes an item, and how many do; no row for an unknown item.
select
    coalesce(mine.liked, false) as has_liked,
    coalesce(counted.likes, 0) as likes,
    coalesce(counted.version, 0) as version
from core.item as item
left join core.item_like as mine
    on item.item_id = mine.item_id and mine.user_id = %(user_id)s::text
left join core.item_like_count as counted on item.item_id = counted.item_id
where
    item.content_type = %(content_type)s::text
    and item.external_id = %(content_id)s::text;
