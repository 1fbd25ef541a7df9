-- How many users like each of some items; no row for one that nobody ever liked.
select
    item.content_type,
    item.external_id as content_id,
    counted.likes,
    counted.version
from
    unnest(%(content_types)s::text[], %(content_ids)s::text[])
        as wanted (content_type, external_id)
inner join core.item as item
    on
        wanted.content_type = item.content_type
        and wanted.external_id = item.external_id
inner join core.item_like_count as counted on item.item_id = counted.item_id;
