-- The item of one name; no row for an unknown one.
select item.item_id
from core.item as item
where
    item.content_type = %(content_type)s::text
    and item.external_id = %(content_id)s::text
