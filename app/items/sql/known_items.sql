-- Those of these names that the catalogue has; nothing is registered.
select
    item.content_type,
    item.external_id,
    item.item_id
from core.item as item
inner join unnest(%(content_types)s::text[], %(external_ids)s::text[])
    as wanted (content_type, external_id)
    on
        item.content_type = wanted.content_type
        and item.external_id = wanted.external_id
