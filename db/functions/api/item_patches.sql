-- Catalogue entries as a caller gave them, one for each item.
-- Source: PUT /items. Feeds: api.put_items.
-- Keeps: of several entries for one item, the last one given wins.
create function api.item_patches(items jsonb)
returns table (content_type text, external_id text, patch jsonb)
language sql immutable parallel safe
begin atomic
select distinct on (
    coalesce(element.value ->> 'contentType', 'video'),
    element.value ->> 'contentId'
)
    coalesce(element.value ->> 'contentType', 'video'),
    element.value ->> 'contentId',
    element.value
from jsonb_array_elements(items) with ordinality as element
order by
    coalesce(element.value ->> 'contentType', 'video'),
    element.value ->> 'contentId',
    element.ordinality desc;
end;

comment on function api.item_patches(jsonb) is
    'The entries of an array by content type (video where absent) and id, without repetitions.';
grant execute on function api.item_patches(jsonb) to groundswell_service;
