-- Leave an item out of all rankings from their next run on.
-- Source: PUT /admin/items/{id}/exclusion, groundswell items exclude. Feeds: core.item_exclusion.
-- Keeps: one exclusion in force for an item. The same reason again changes nothing; another one
-- closes the exclusion there is and opens its own, so that the record shows both.
create function api.exclude_item(
    content_type text, external_id text, reason text, excluded_by text, as_of timestamptz
)
returns bigint
language sql volatile
begin atomic
update core.item_exclusion as excluded
set
    lifted_by = exclude_item.excluded_by,
    lifted_at = exclude_item.as_of
from core.item as item
where
    item.content_type = exclude_item.content_type
    and item.external_id = exclude_item.external_id
    and excluded.item_id = item.item_id
    and excluded.lifted_at is null
    and excluded.reason <> exclude_item.reason;

insert into core.item_exclusion (item_id, reason, excluded_by, excluded_at)
select
    item.item_id,
    exclude_item.reason,
    exclude_item.excluded_by,
    exclude_item.as_of
from core.item as item
where
    item.content_type = exclude_item.content_type
    and item.external_id = exclude_item.external_id
on conflict (item_id) where lifted_at is null do nothing;

select item.item_id
from core.item as item
where
    item.content_type = exclude_item.content_type
    and item.external_id = exclude_item.external_id;
end;

comment on function api.exclude_item(text, text, text, text, timestamptz) is
    'Excludes an item from rankings as of a moment; answers its item_id, or null if unknown. '
    'Stable.';
grant execute on function api.exclude_item(text, text, text, text, timestamptz)
to groundswell_service;
