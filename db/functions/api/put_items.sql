-- Create or change catalogue entries: what is absent stays as it was, null clears it.
-- Source: PUT /items; JSON Merge Patch (RFC 7396). Feeds: core.item.
-- Keeps: of several entries for one item, the last one given wins. An entry that changes nothing
-- writes nothing. Rows are locked in one order, so that two calls cannot deadlock.
create function api.put_items(items jsonb)
returns integer
language sql volatile
begin atomic
insert into core.item (
    content_type, external_id, title, category, creator, published_at, attributes
)
select
    given.content_type,
    given.external_id,
    given.patch ->> 'title',
    given.patch ->> 'category',
    given.patch ->> 'creator',
    (given.patch ->> 'publishedAt')::timestamptz,
    api.merged_attributes('{}', given.patch)
from api.item_patches(items) as given
where not exists (
    select 1
    from core.item as known
    where known.content_type = given.content_type and known.external_id = given.external_id
)
order by given.content_type, given.external_id
on conflict on constraint item_external_id_unique do nothing;

with entry as (
    select
        item.item_id,
        given.patch
    from core.item as item
    inner join api.item_patches(items) as given
        on item.content_type = given.content_type and item.external_id = given.external_id
    order by item.content_type, item.external_id
    for update of item
)

update core.item as item
set
    title = case
        when entry.patch ? 'title' then entry.patch ->> 'title' else item.title
    end,
    category = case
        when entry.patch ? 'category' then entry.patch ->> 'category' else item.category
    end,
    creator = case
        when entry.patch ? 'creator' then entry.patch ->> 'creator' else item.creator
    end,
    published_at = case
        when entry.patch ? 'publishedAt' then (entry.patch ->> 'publishedAt')::timestamptz
        else item.published_at
    end,
    attributes = api.merged_attributes(item.attributes, entry.patch)
from entry
where
    item.item_id = entry.item_id
    and (
        (entry.patch ? 'title' and item.title is distinct from entry.patch ->> 'title')
        or (
            entry.patch ? 'category'
            and item.category is distinct from entry.patch ->> 'category'
        )
        or (
            entry.patch ? 'creator'
            and item.creator is distinct from entry.patch ->> 'creator'
        )
        or (
            entry.patch ? 'publishedAt'
            and item.published_at is distinct from (entry.patch ->> 'publishedAt')::timestamptz
        )
        or item.attributes <> api.merged_attributes(item.attributes, entry.patch)
    );

select count(*)::integer from api.item_patches(items);
end;

comment on function api.put_items(jsonb) is
    'Upserts catalogue entries given as an array of {contentType, contentId, title, category, '
    'creator, publishedAt, attributes}; answers how many items they were about. '
    'Stable.';
grant execute on function api.put_items(jsonb) to groundswell_service;
