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
left join core.item_exclusion as excluded
    on item.item_id = excluded.item_id and excluded.lifted_at is null
where item.item_id = any(%(item_ids)s::bigint[]);
