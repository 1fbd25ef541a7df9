-- The items that have what was typed, with their lifetime views as of the last scoring run.
select
    item.external_id as content_id,
    item.content_type,
    item.title,
    item.category,
    item.creator,
    coalesce(lifetime.views, 0)::bigint as views
from api.search_items(%(wanted)s::text, %(most)s::integer)
with ordinality as found (item_id, place)
inner join core.item as item on found.item_id = item.item_id
left join core.item_window as lifetime
    on found.item_id = lifetime.item_id and lifetime."window" = 'all'
order by found.place
