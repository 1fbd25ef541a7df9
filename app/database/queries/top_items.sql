-- Ids, titles, categories and creators of items.
select
    item_id,
    external_id as content_id,
    content_type,
    title,
    category,
    creator
from core.item
where item_id = any(%(item_ids)s::bigint[]);
