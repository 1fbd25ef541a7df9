-- Every window recounted from all events: what core.item_window must equal at any time.
-- Source: core.event, api.dropped_counts for what is gone of it.
-- Feeds: api.drifted_windows.
-- Keeps: all windows are of one snapshot.
create function api.recount_windows()
returns setof core.item_window
language sql stable
set jit = off
begin atomic
with counted as (
    select
        event.item_id,
        event.occurred_at as at,
        one.views,
        one.likes,
        one.comments,
        one.shares,
        one.watch_seconds,
        one.unlikes,
        one.uncomments,
        one.gives
    from core.event
    cross join lateral api.event_counts(event.event_type, event.count, event.seconds) as one
    where event.counted and event.occurred_at >= (select api.raw_since())
    union all
    select
        gone.item_id,
        gone.at,
        gone.views,
        gone.likes,
        gone.comments,
        gone.shares,
        gone.watch_seconds,
        -- How much was taken back and given at once is not known any more.
        greatest(-gone.likes, 0) as unlikes,
        greatest(-gone.comments, 0) as uncomments,
        greatest(gone.views, gone.likes, gone.comments, gone.shares, gone.watch_seconds) > 0
            as gives
    from api.dropped_counts() as gone
),

-- Where the windows begin: between two of them, all events of an item are in the same windows, and
-- are summed before they are added to each.
edge as materialized (
    select array_agg(distinct position.since order by position.since) as list
    from core.window_position as position
),

summed as (
    select
        counted.item_id,
        -- Not in the window is what happened as it begins.
        width_bucket(counted.at - interval '1 microsecond', edge.list) as place,
        max(counted.at) filter (where counted.gives) as last_event_at,
        sum(counted.views) as views,
        sum(counted.likes) as likes,
        sum(counted.comments) as comments,
        sum(counted.shares) as shares,
        sum(counted.watch_seconds) as watch_seconds,
        sum(counted.unlikes) as unlikes,
        sum(counted.uncomments) as uncomments,
        max(counted.at) filter (where not counted.gives) as last_taken_at
    from counted
    cross join edge
    group by
        counted.item_id, width_bucket(counted.at - interval '1 microsecond', edge.list)
)

select
    position."window",
    summed.item_id,
    coalesce(max(summed.last_event_at), '-infinity'),
    sum(summed.views)::bigint,
    sum(summed.likes)::bigint,
    sum(summed.comments)::bigint,
    sum(summed.shares)::bigint,
    sum(summed.watch_seconds),
    sum(summed.unlikes)::bigint,
    sum(summed.uncomments)::bigint,
    coalesce(max(summed.last_taken_at), '-infinity')
from summed
cross join edge
inner join core.window_position as position on position.since <= edge.list[summed.place]
group by position."window", summed.item_id;
end;

comment on function api.recount_windows() is
    'Counts of every item in every window, from the events.';
