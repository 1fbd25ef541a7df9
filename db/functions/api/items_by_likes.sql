-- One page of the catalogue by lifetime likes, the newer item first where they are the same.
-- Source: core.item, core.item_window_all, api.exclusion_in_force, api.items_by_new.
-- Feeds: api.list_items.
-- Keeps: at most one pass over an index, whatever the filter (docs/decisions/0010).
create function api.items_by_likes(
    category text,
    content_type text,
    after_rest boolean,
    after_count bigint,
    after_moment timestamptz,
    after_item bigint,
    most integer
)
returns table (item_id bigint, is_rest boolean, sort_count bigint, sort_moment timestamptz)
language plpgsql stable rows 100
set jit = off
-- What is not asked for must leave no trace in the plan.
set plan_cache_mode = force_custom_plan
-- A list of ids to look things up in must fit; a join must not read all of a table for one page.
set work_mem = '64MB'
set enable_hashjoin = off
set enable_mergejoin = off
as $$
declare
    stretch constant integer := 5000;
    found integer := 0;
    step integer;
    walked_count bigint;
    walked_item bigint;
begin
    if after_rest then
        null;
    elsif api.are_few_items(items_by_likes.category, items_by_likes.content_type) then
        -- Few: look each of them up, and sort.
        return query
        select
            item.item_id,
            false,
            item.likes::bigint,
            null::timestamptz
        from (
            select
                few.item_id,
                place.likes
            from (
                select known.item_id from core.item as known
                where
                    (items_by_likes.category is null or known.category = items_by_likes.category)
                    and (
                        items_by_likes.content_type is null or known.content_type = items_by_likes.content_type
                    )
                offset 0
            ) as few
            cross join lateral (
                select place.likes from core.item_window_all as place
                where place.item_id = few.item_id
                    -- The window is named as well: it is the first column of the key.
                    and place."window" = 'all'
                    and place.likes > 0
                offset 0
            ) as place
            where few.item_id not in (
                select excluded.item_id from api.exclusion_in_force as excluded
            )
        ) as item
        where (after_item is null or (item.likes, item.item_id) < (after_count, after_item))
        order by item.likes desc, item.item_id desc
        limit most;
        get diagnostics found = row_count;
    else
        -- Many: they soon turn up on a walk in order.
        return query
        select
            walked.item_id,
            false,
            walked.likes::bigint,
            null::timestamptz
        from (
            select
                item.item_id,
                item.likes
            from core.item_window_all as item
            where
                item.likes > 0
                and (after_item is null or (item.likes, item.item_id) < (after_count, after_item))
            order by item.likes desc, item.item_id desc
            limit stretch
        ) as walked
        inner join core.item as item on walked.item_id = item.item_id
        where
            (items_by_likes.category is null or item.category = items_by_likes.category)
            and (
                items_by_likes.content_type is null or item.content_type = items_by_likes.content_type
            )
            and item.item_id not in (
                select excluded.item_id from api.exclusion_in_force as excluded
            )
        order by walked.likes desc, walked.item_id desc
        limit most;
        get diagnostics found = row_count;
        if found < most then
            select
                item.item_id,
                item.likes
            into walked_item, walked_count
            from core.item_window_all as item
            where
                item.likes > 0
                and (after_item is null or (item.likes, item.item_id) < (after_count, after_item))
            order by item.likes desc, item.item_id desc
            limit 1 offset stretch - 1;
        end if;
        if walked_item is not null then
            -- Unless all of them are far down: then their ids are gathered before the walk goes on.
            return query
            select
                item.item_id,
                false,
                item.likes::bigint,
                null::timestamptz
            from core.item_window_all as item
            where
                item.likes > 0
                and (item.likes, item.item_id) < (walked_count, walked_item)
                and (
                    item.item_id in (
                        select known.item_id from core.item as known
                        where
                            (items_by_likes.category is null or known.category = items_by_likes.category)
                            and (
                                items_by_likes.content_type is null or known.content_type = items_by_likes.content_type
                            )
                    )
                ) is true
                and item.item_id not in (
                    select excluded.item_id from api.exclusion_in_force as excluded
                )
            order by item.likes desc, item.item_id desc
            limit most - found;
            get diagnostics step = row_count;
            found := found + step;
        end if;
    end if;

    if found < most then
        return query
        select rest.*
        from api.items_by_new(
            items_by_likes.category,
            items_by_likes.content_type,
            case when after_rest then after_moment end,
            case when after_rest then after_item end,
            most - found,
            'likes'
        ) as rest;
    end if;
end;
$$;

comment on function api.items_by_likes(
    text, text, boolean, bigint, timestamptz, bigint, integer
) is
    'The most liked items, then those without an event, as rest, the newest first.';
grant execute on function api.items_by_likes(
    text, text, boolean, bigint, timestamptz, bigint, integer
) to groundswell_service, groundswell_read;
