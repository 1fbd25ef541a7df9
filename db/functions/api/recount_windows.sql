-- Every window recounted from all events: what core.item_window must equal at any time.
-- Source: core.event inside its retention, agg.engagement_1d before it (for the lifetime).
-- Feeds: api.mend_windows.
-- Keeps: an event counts at occurred_at, or at received_at where that is earlier.
create function api.recount_windows()
returns setof core.item_window
language sql stable
set jit = off
begin atomic
with counted as (
    select
        event.item_id,
        least(event.occurred_at, event.received_at) as at,
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
        day.item_id,
        day.bucket + interval '12 hours' as at,
        day.views,
        day.likes,
        day.comments,
        day.shares,
        day.watch_seconds,
        -- How much was taken back and given on the same day is not known any more.
        greatest(-day.likes, 0) as unlikes,
        greatest(-day.comments, 0) as uncomments,
        greatest(day.views, day.likes, day.comments, day.shares, day.watch_seconds) > 0 as gives
    from agg.engagement_1d as day
    where day.bucket < (select api.raw_since())
)

select
    position."window",
    counted.item_id,
    sum(counted.views)::bigint,
    sum(counted.likes)::bigint,
    sum(counted.comments)::bigint,
    sum(counted.shares)::bigint,
    sum(counted.watch_seconds),
    coalesce(max(counted.at) filter (where counted.gives), '-infinity'),
    sum(counted.unlikes)::bigint,
    sum(counted.uncomments)::bigint,
    coalesce(max(counted.at) filter (where not counted.gives), '-infinity')
from counted
inner join core.window_position as position on counted.at > position.since
group by position."window", counted.item_id;
end;

comment on function api.recount_windows() is
    'Counts of every item in every window, from the events.';
