-- Write into the catalogue what scoring has found of first events.
-- Source: core.item_birth. Feeds: core.item.
-- Keeps: an item's first event only becomes earlier. Rows are locked in the order of api.put_items,
-- so that the two cannot deadlock.
create function api.note_births()
returns void
language sql volatile
begin atomic
with found as (
    delete from core.item_birth
    returning item_birth.item_id, item_birth.first_event_at
),

birth as (
    select
        found.item_id,
        min(found.first_event_at) as at
    from found
    group by found.item_id
),

entry as (
    select
        item.item_id,
        birth.at
    from core.item as item
    inner join birth on item.item_id = birth.item_id
    order by item.content_type, item.external_id
    for update of item
)

update core.item as item
set first_event_at = entry.at
from entry
where
    item.item_id = entry.item_id
    and (item.first_event_at > entry.at or item.first_event_at is null);
end;

comment on function api.note_births() is
    'Brings core.item.first_event_at up to what scoring has found.';
