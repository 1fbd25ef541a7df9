-- The members of one top list with their counts up to this moment: all of them, or some.
-- Source: core.item_window, core.score_feed, core.item, api.exclusion_in_force.
-- Feeds: the publisher of top lists, and whoever writes events, for those that may enter a list.
-- Keeps: an event is in the window or in the feed, never in both, so it counts once; as one
-- statement sees one snapshot, a count holds exactly the events committed in that snapshot that
-- happened after since, which is the window's. An excluded item is nowhere in it. What has a count
-- of zero or less is no member. Without settings of its own, so that the planner puts it into the
-- query, and leaves out what the settings of the list make needless.
create function api.top_list_members(
    "window" text,
    metric text,
    subject text,
    content_type text,
    since timestamptz,
    item_ids bigint[],
    names text[]
)
returns table (item_id bigint, name text, count double precision)
language sql stable rows 1000
begin atomic
with wanted as materialized (
    select unnest(top_list_members.item_ids) as item_id
    union
    select item.item_id
    from core.item as item
    where
        top_list_members.subject = 'creator'
        and item.creator = any(top_list_members.names)
    union
    select item.item_id
    from core.item as item
    where
        top_list_members.subject = 'category'
        and item.category = any(top_list_members.names)
),

part as (
    select
        counted.item_id,
        counted.views,
        counted.likes,
        counted.comments,
        counted.shares,
        counted.watch_seconds
    from core.item_window as counted
    where
        counted."window" = top_list_members."window"
        and top_list_members.item_ids is null
        and top_list_members.names is null
    union all
    select
        counted.item_id,
        counted.views,
        counted.likes,
        counted.comments,
        counted.shares,
        counted.watch_seconds
    from wanted
    inner join core.item_window as counted on wanted.item_id = counted.item_id
    where counted."window" = top_list_members."window"
    union all
    select
        feed.item_id,
        one.views,
        one.likes,
        one.comments,
        one.shares,
        one.watch_seconds
    from core.score_feed as feed
    cross join lateral api.event_counts(feed.event_type, feed.count, feed.seconds) as one
    where
        feed.occurred_at > top_list_members.since
        and (
            (top_list_members.item_ids is null and top_list_members.names is null)
            or feed.item_id in (select wanted.item_id from wanted)
        )
)

select
    case top_list_members.subject when 'item' then part.item_id end,
    case top_list_members.subject
        when 'creator' then item.creator
        when 'category' then item.category
    end,
    sum(api.metric_of(
        top_list_members.metric, part.views, part.likes, part.comments, part.shares,
        part.watch_seconds
    ))
from part
left join core.item as item on part.item_id = item.item_id
where
    (
        top_list_members.content_type is null
        or item.content_type = top_list_members.content_type
    )
    and part.item_id not in (
        select excluded.item_id from api.exclusion_in_force as excluded
    )
group by
    case top_list_members.subject when 'item' then part.item_id end,
    case top_list_members.subject
        when 'creator' then item.creator
        when 'category' then item.category
    end
having
    sum(api.metric_of(
        top_list_members.metric, part.views, part.likes, part.comments, part.shares,
        part.watch_seconds
    )) > 0
    and (
        top_list_members.subject = 'item'
        or case top_list_members.subject
            when 'creator' then item.creator
            when 'category' then item.category
        end is not null
    );
end;

comment on function api.top_list_members(
    text, text, text, text, timestamptz, bigint[], text[]
) is
    'Item, or name of a creator or category, and count after since, of each member of a list of '
    'these settings; of the items or names given only, where one of the two is not null.';
grant execute on function api.top_list_members(
    text, text, text, text, timestamptz, bigint[], text[]
) to groundswell_service;
