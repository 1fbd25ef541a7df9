-- Which of some items a user likes.
select
    item.content_type,
    item.external_id as content_id
from
    unnest(%(content_types)s::text[], %(content_ids)s::text[])
        as wanted (content_type, external_id)
inner join core.item as item
    on
        wanted.content_type = item.content_type
        and wanted.external_id = item.external_id
inner join core.item_like as mine
    on item.item_id = mine.item_id and mine.user_id = %(user_id)s::text
where mine.liked;
