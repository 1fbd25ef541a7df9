-- The items of these ids whose creators are among these users.
select
    item.content_type,
    item.external_id as content_id,
    item.creator
from core.item as item
where
    item.creator = any(%(users)s::text[])
    and item.external_id = any(%(content_ids)s::text[])
