-- How many viewed in each bucket: of the site, or of items together or apart.
select
    seen.place,
    item.content_type,
    item.external_id as content_id,
    null::text as subject,
    seen.viewers
from api.unique_viewers(
    %(edges)s::timestamptz[], %(item_ids)s::bigint[], %(apart)s::boolean
) as seen
left join core.item as item on seen.item_id = item.item_id;
