-- One page of the catalogue by age, the newest item first; or of those that another order leaves.
-- Source: core.item, core.item_window, core.item_hot, api.exclusion_in_force.
-- Feeds: api.list_items, api.items_by_hot, api.items_by_views, api.items_by_likes.
-- Keeps: at most one pass over an index, whatever the filter (docs/decisions/0010).
create function api.items_by_new(
    category text,
    content_type text,
    after_moment timestamptz,
    after_item bigint,
    most integer,
    unplaced_in text default null
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
begin
    if api.are_few_items(items_by_new.category, items_by_new.content_type) then
        return query
        select
            item.item_id,
            true,
            null::bigint,
            item.listed_at
        from (
            select known.* from core.item as known
            where
                (items_by_new.category is null or known.category = items_by_new.category)
                and (
                    items_by_new.content_type is null or known.content_type = items_by_new.content_type
                )
            offset 0
        ) as item
        where
            (
                unplaced_in is distinct from 'hot'
                or not exists (
                    select 1 from core.item_hot as place
                    where place.item_id = item.item_id
                    offset 0
                )
            )
            and (
                unplaced_in is distinct from 'views'
                or not exists (
                    select 1 from core.item_window_all as place
                    where
                        place."window" = 'all' and place.item_id = item.item_id and place.views > 0
                    offset 0
                )
            )
            and (
                unplaced_in is distinct from 'likes'
                or not exists (
                    select 1 from core.item_window_all as place
                    where
                        place."window" = 'all' and place.item_id = item.item_id and place.likes > 0
                    offset 0
                )
            )
            and item.item_id not in (
                select excluded.item_id from api.exclusion_in_force as excluded
            )
            and (
                after_item is null
                or (item.listed_at, item.item_id)
                < (after_moment, after_item)
            )
        order by item.listed_at desc, item.item_id desc
        limit most;
    else
        return query
        select
            item.item_id,
            true,
            null::bigint,
            item.listed_at
        from core.item as item
        where
            (items_by_new.category is null or item.category = items_by_new.category)
            and (
                items_by_new.content_type is null or item.content_type = items_by_new.content_type
            )
            and (
                unplaced_in is distinct from 'hot'
                or (item.item_id in (select place.item_id from core.item_hot as place)) is false
            )
            and (
                unplaced_in is distinct from 'views'
                or (
                    item.item_id in (
                        select place.item_id from core.item_window_all as place
                        where place.views > 0
                    )
                ) is false
            )
            and (
                unplaced_in is distinct from 'likes'
                or (
                    item.item_id in (
                        select place.item_id from core.item_window_all as place
                        where place.likes > 0
                    )
                ) is false
            )
            and item.item_id not in (
                select excluded.item_id from api.exclusion_in_force as excluded
            )
            and (
                after_item is null
                or (item.listed_at, item.item_id)
                < (after_moment, after_item)
            )
        order by item.listed_at desc, item.item_id desc
        limit most;
    end if;
end;
$$;

comment on function api.items_by_new(
    text, text, timestamptz, bigint, integer, text
) is
    'The newest items; only those without a hot rank where unplaced_in is hot, without a view '
    'where it is views, without a like where it is likes.';
grant execute on function api.items_by_new(
    text, text, timestamptz, bigint, integer, text
) to groundswell_service, groundswell_read;
