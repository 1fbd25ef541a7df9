-- The catalogue entries of one id, of one content type or, where it is null, of all.
select
    item.external_id as content_id,
    item.content_type,
    item.title,
    item.category,
    item.creator,
    item.published_at,
    item.attributes,
    item.created_at
from core.item as item
where
    item.external_id = %(external_id)s::text
    and (
        %(content_type)s::text is null
        or item.content_type = %(content_type)s::text
    )
order by item.content_type
