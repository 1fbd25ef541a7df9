-- Find the items of these names, registering those not known yet.
select
    resolved.content_type,
    resolved.external_id,
    resolved.item_id
from api.resolve_items(%(content_types)s::text[], %(external_ids)s::text[]) as resolved
