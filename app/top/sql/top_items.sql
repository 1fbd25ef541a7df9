-- Ids, titles, categories and creators of items, and whether rankings leave them out.
select
    item.item_id,
    item.external_id as content_id,
    item.content_type,
    item.title,
    item.category,
    item.creator,
    excluded.item_id is not null as is_excluded
from core.item as item
left join api.exclusion_in_force as excluded on item.item_id = excluded.item_id
where item.item_id = any(%(item_ids)s::bigint[]);
