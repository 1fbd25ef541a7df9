-- Create or complete catalogue entries; what is absent or null stays as it was.
-- Source: PUT /items. Feeds: core.item.
-- Keeps: of several entries for one item, the last one given wins.
create function api.put_items(items jsonb)
returns integer
language sql volatile
begin atomic
with given as (
    select distinct on (coalesce(entry.content_type, 'video'), entry.content_id)
        coalesce(entry.content_type, 'video') as content_type,
        entry.content_id,
        entry.title,
        entry.category,
        entry.creator,
        entry.published_at,
        entry.attributes
    from (
        select
            element.ordinality,
            element.value ->> 'contentType' as content_type,
            element.value ->> 'contentId' as content_id,
            element.value ->> 'title' as title,
            element.value ->> 'category' as category,
            element.value ->> 'creator' as creator,
            (element.value ->> 'publishedAt')::timestamptz as published_at,
            nullif(element.value -> 'attributes', 'null') as attributes
        from jsonb_array_elements(items) with ordinality as element
    ) as entry
    order by coalesce(entry.content_type, 'video'), entry.content_id, entry.ordinality desc
),

written as (
    insert into core.item as item (
        content_type, external_id, title, category, creator, published_at, attributes
    )
    select
        given.content_type,
        given.content_id,
        given.title,
        given.category,
        given.creator,
        given.published_at,
        coalesce(given.attributes, '{}')
    from given
    on conflict on constraint item_external_id_unique do update set
        title = coalesce(excluded.title, item.title),
        category = coalesce(excluded.category, item.category),
        creator = coalesce(excluded.creator, item.creator),
        published_at = coalesce(excluded.published_at, item.published_at),
        attributes = item.attributes || excluded.attributes
    returning item.item_id
)

select count(*)::integer from written;
end;

comment on function api.put_items(jsonb) is
    'Upserts catalogue entries given as an array of {contentType, contentId, title, category, '
    'creator, publishedAt, attributes}; answers how many items it wrote.';
grant execute on function api.put_items(jsonb) to groundswell_service;
