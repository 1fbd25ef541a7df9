-- One page of the catalogue in one of its orders, from after an item.
-- Source: core.item, core.item_window, core.item_hot, core.item_exclusion. Feeds: GET /items.
-- Keeps: every item that is not excluded, once: first those that the order tells apart (hot: by
-- hot rank; views and likes: by that lifetime count, the newer item first where it is the same),
-- then, as rest, all others, the newest first. At most one pass over an index whatever the filter
-- (docs/decisions/0010).
create function api.list_items(
    sort text,
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
-- A list of ids to look things up in must fit; a join must not read all of a table for one page.
set work_mem = '64MB'
set enable_hashjoin = off
set enable_mergejoin = off
as $$
declare
    narrow constant integer := 10000;
    stretch constant integer := 5000;
    filter constant text := concat(
        case when list_items.category is not null then ' and item.category = $1' end,
        case when list_items.content_type is not null then ' and item.content_type = $2' end
    );
    allowed constant text := case
        when exists (select 1 from core.item_exclusion as e where e.lifted_at is null) then
            ' and item.item_id not in (
                select excluded.item_id from core.item_exclusion as excluded
                where excluded.lifted_at is null
            )'
        else ''
    end;
    ordered constant text := case sort when 'hot' then 'item_hot' else 'item_window_all' end;
    -- The window is named as well: it is the first column of the key.
    same constant text := concat(
        'place.item_id = item.item_id',
        case when sort <> 'hot' then ' and place."window" = ''all''' end
    );
    key constant text := case sort when 'hot' then 'hot_rank' else sort end;
    direction constant text := case sort when 'hot' then '' else 'desc' end;
    after constant text := case sort when 'hot' then '>' else '<' end;
    since constant text := case
        when after_item is null then ''
        else format('and (item.%I, item.item_id) %s ($4, $5)', key, after)
    end;
    -- Where few pass the filter, they are gathered before anything else is looked at.
    items text := 'core.item';
    is_narrow boolean := false;
    found integer := 0;
    step integer;
    walked_count bigint;
    walked_item bigint;
begin
    if filter <> '' then
        execute format(
            'select count(*) <= $3
            from (select 1 from core.item as item where true %s limit $3 + 1) as part', filter
        ) into is_narrow using category, content_type, narrow;
    end if;
    if is_narrow then
        items := format(
            '(select item.* from core.item as item where true %s offset 0)', filter
        );
    end if;

    if sort <> 'new' and not coalesce(after_rest, false) and is_narrow then
        -- Few: look each of them up, and sort.
        return query execute format(
            'select item.item_id, false, item.%1$I::bigint, null::timestamptz
            from (
                select item.item_id, place.%1$I
                from %2$s as item
                cross join lateral (
                    select place.%1$I from core.%3$I as place
                    where %7$s
                    offset 0
                ) as place
                where true %4$s
            ) as item
            where true %5$s
            order by item.%1$I %6$s, item.item_id %6$s
            limit $3', key, items, ordered, allowed, since, direction, same
        ) using category, content_type, most, after_count, after_item;
        get diagnostics found = row_count;
    elsif sort <> 'new' and not coalesce(after_rest, false) then
        -- Many: they soon turn up on a walk in order.
        return query execute format(
            'select walked.item_id, false, walked.%3$I::bigint, null::timestamptz
            from (
                select item.item_id, item.%3$I
                from core.%4$I as item
                where true %5$s
                order by item.%3$I %6$s, item.item_id %6$s
                limit $6
            ) as walked
            inner join core.item as item on walked.item_id = item.item_id
            where true %1$s %2$s
            order by walked.%3$I %6$s, walked.item_id %6$s
            limit $3', filter, allowed, key, ordered, since, direction
        ) using category, content_type, most, after_count, after_item, stretch;
        get diagnostics found = row_count;
        if found < most then
            execute format(
                'select item.item_id, item.%1$I::bigint as count
                from core.%2$I as item
                where true %3$s
                order by item.%1$I %4$s, item.item_id %4$s
                limit 1 offset $6 - 1', key, ordered, since, direction
            )
            into walked_item, walked_count
            using category, content_type, most, after_count, after_item, stretch;
        end if;
        if walked_item is not null then
            -- Unless all of them are far down: then their ids are gathered before the walk goes on.
            return query execute format(
                'select item.item_id, false, item.%3$I::bigint, null::timestamptz
                from core.%4$I as item
                where
                    (item.%3$I, item.item_id) %7$s ($4, $5)
                    and (
                        item.item_id in (select item.item_id from core.item as item where true %1$s)
                    ) is true
                    %2$s
                order by item.%3$I %6$s, item.item_id %6$s
                limit $3', filter, allowed, key, ordered, since, direction,
                after
            ) using category, content_type, most - found, walked_count, walked_item;
            get diagnostics step = row_count;
            found := found + step;
        end if;
    end if;

    if found < most then
        return query execute format(
            'select item.item_id, true, null::bigint, coalesce(item.published_at, item.created_at)
            from %s as item
            where true %s %s %s %s
            order by coalesce(item.published_at, item.created_at) desc, item.item_id desc
            limit $3',
            items,
            filter,
            allowed,
            case
                when sort = 'new' then ''
                when is_narrow then format(
                    'and not exists (select 1 from core.%I as place where %s offset 0)',
                    ordered, same
                )
                else format(
                    'and (item.item_id in (select place.item_id from core.%I as place)) is false',
                    ordered
                )
            end,
            case
                when after_rest then
                    'and (coalesce(item.published_at, item.created_at), item.item_id) < ($4, $5)'
            end
        ) using category, content_type, most - found, after_moment, after_item;
    end if;
end;
$$;

comment on function api.list_items(
    text, text, text, boolean, bigint, timestamptz, bigint, integer
) is
    'Up to so many items in the order hot, new, views or likes, of a category and a content type '
    'where they are given, after the item with these values where one is.';
grant execute on function api.list_items(
    text, text, text, boolean, bigint, timestamptz, bigint, integer
) to groundswell_service, groundswell_read;
