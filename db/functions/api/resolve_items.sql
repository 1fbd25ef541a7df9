-- Find the items of these names, registering those not known yet.
-- Source: core.item. Feeds: the writer.
-- Keeps: one row for each distinct pair given; registering the same pair twice at once is safe.
create function api.resolve_items(content_types text[], external_ids text[])
returns table (content_type text, external_id text, item_id bigint)
language sql volatile
begin atomic
insert into core.item (content_type, external_id)
select distinct
    wanted.content_type,
    wanted.external_id
from unnest(content_types, external_ids) as wanted (content_type, external_id)
where not exists (
    select 1
    from core.item as known
    where
        known.content_type = wanted.content_type
        and known.external_id = wanted.external_id
)
-- The same order in every writer: two that register the same items cannot deadlock.
order by wanted.content_type, wanted.external_id
on conflict on constraint item_external_id_unique do nothing;

select
    item.content_type,
    item.external_id,
    item.item_id
from core.item as item
inner join (
    select distinct
        wanted.content_type,
        wanted.external_id
    from unnest(content_types, external_ids) as wanted (content_type, external_id)
) as wanted
    on
        item.content_type = wanted.content_type
        and item.external_id = wanted.external_id;
end;

comment on function api.resolve_items(text[], text[]) is
    'Item ids of these (content type, external id) pairs; unknown ones are registered.';
grant execute on function api.resolve_items(text[], text[]) to groundswell_service;
