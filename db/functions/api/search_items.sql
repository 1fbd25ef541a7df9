-- Items whose title and creator have words beginning so, or whose id does; the most viewed first.
-- Source: core.item, core.item_window_all, api.catalogue_names. Feeds: GET /search.
-- Keeps: looks at some thousands of items at most, whatever is typed: where more match, those among
-- the thousand most viewed are there for certain.
create function api.search_items(wanted text, most integer)
returns table (item_id bigint)
language plpgsql stable rows 20
set jit = off
-- How many have a word is only known once the word is.
set plan_cache_mode = force_custom_plan
as $$
declare
    -- Only the last word may be unfinished.
    words constant tsquery := (
        nullif(plainto_tsquery('simple', wanted)::text, '') || ':*'
    )::tsquery;
begin
    return query
    select found.item_id
    from (
        select near.item_id
        from api.catalogue_names('content_type', '', 100) as known
        cross join lateral (
            select
                item.item_id,
                item.external_id
            from core.item as item
            where item.content_type = known.name and item.external_id >= wanted
            order by item.external_id
            limit 20
        ) as near
        where starts_with(near.external_id, wanted)
        union
        select item.item_id
        from (
            select place.item_id from core.item_window_all as place
            where place."window" = 'all' and place.views > 0
            order by place.views desc, place.item_id desc
            limit 1000
        ) as viewed
        inner join core.item as item on viewed.item_id = item.item_id
        where
            item.title is not null
            and to_tsvector('simple', coalesce(item.title, '') || ' ' || coalesce(item.creator, ''))
            @@ words
        union
        (
            select item.item_id from core.item as item
            where
                item.title is not null
                and to_tsvector(
                    'simple', coalesce(item.title, '') || ' ' || coalesce(item.creator, '')
                ) @@ words
            limit 1000
        )
    ) as found
    inner join core.item as item on found.item_id = item.item_id
    left join core.item_window_all as lifetime
        on found.item_id = lifetime.item_id and lifetime."window" = 'all'
    order by (item.external_id = wanted) desc, coalesce(lifetime.views, 0) desc, found.item_id desc
    limit most;
end;
$$;

comment on function api.search_items(text, integer) is
    'Up to so many items that have what is typed: its words in title and creator, the last one '
    'unfinished, or the beginning of the id. That id itself first, then the most viewed.';
grant execute on function api.search_items(text, integer)
to groundswell_service, groundswell_read;
