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
)

select
    position."window",
    counted.item_id,
    coalesce(max(counted.at) filter (where counted.gives), '-infinity'),
    sum(counted.views)::bigint,
    sum(counted.likes)::bigint,
    sum(counted.comments)::bigint,
    sum(counted.shares)::bigint,
    sum(counted.watch_seconds),
    sum(counted.unlikes)::bigint,
    sum(counted.uncomments)::bigint,
    coalesce(max(counted.at) filter (where not counted.gives), '-infinity')
from counted
inner join core.window_position as position on counted.at > position.since
group by position."window", counted.item_id;
end;

comment on function api.recount_windows() is
    'Counts of every item in every window, from the events.';
