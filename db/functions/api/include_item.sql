-- Lift the exclusion of an item: rankings hold it again from their next run on.
-- Source: DELETE /admin/items/{id}/exclusion, groundswell items include.
-- Feeds: core.item_exclusion.
-- Keeps: an item that is not excluded stays as it is.
create function api.include_item(
    content_type text, external_id text, lifted_by text, as_of timestamptz
)
returns bigint
language sql volatile
begin atomic
update core.item_exclusion as excluded
set
    lifted_by = include_item.lifted_by,
    lifted_at = include_item.as_of
from core.item as item
where
    item.content_type = include_item.content_type
    and item.external_id = include_item.external_id
    and excluded.item_id = item.item_id
    and excluded.lifted_at is null;

select item.item_id
from core.item as item
where
    item.content_type = include_item.content_type
    and item.external_id = include_item.external_id;
end;

comment on function api.include_item(text, text, text, timestamptz) is
    'Ends the exclusion of an item, if there is one; answers its item_id, or null if unknown. '
    'Stable.';
grant execute on function api.include_item(text, text, text, timestamptz)
to groundswell_service;
