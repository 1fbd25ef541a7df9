-- What a user, or whoever is at an item, may like next, with the items that are the reason.
select
    found.place,
    found.item_id,
    found.source,
    found.score,
    found.because_id,
    item.external_id as content_id,
    item.content_type,
    item.title,
    item.category,
    item.creator,
    because.external_id as because_content_id,
    because.content_type as because_content_type,
    because.title as because_title
from api.recommendations(
    %(user_id)s::text,
    %(beside_id)s::bigint,
    %(content_type)s::text,
    %(category)s::text,
    %(as_of)s::timestamptz,
    %(most)s::integer
) as found
inner join core.item as item on found.item_id = item.item_id
left join core.item as because on found.because_id = because.item_id
order by found.place;
