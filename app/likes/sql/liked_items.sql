-- What a user likes, newest first, from below a place on.
select
    item.external_id as content_id,
    item.content_type,
    item.title,
    item.category,
    item.creator,
    mine.changed_at as liked_at,
    mine.item_id
from core.item_like as mine
inner join core.item as item on mine.item_id = item.item_id
where
    mine.user_id = %(user_id)s::text
    and mine.liked
    and (mine.changed_at, mine.item_id) < (%(before)s::timestamptz, %(before_item)s::bigint)
order by mine.changed_at desc, mine.item_id desc
limit %(most)s::integer;
