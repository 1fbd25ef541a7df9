-- Counted events after one moment and up to another, less those that wait in the feed.
-- Source: core.event, core.score_feed. Feeds: api.move_windows, api.turn_calendar_windows,
-- api.add_to_scores.
-- Keeps: an event counts at occurred_at, or at received_at where that is earlier, as in the feed.
-- What waits is there twice, as an event and with all counts below 0: so it is in no sum. Reads no
-- events that are gone in part (api.raw_since). No settings, so that the planner can inline it.
create function api.counted_between(
    since timestamptz, until timestamptz, fed_before timestamptz, raw_since timestamptz
)
returns table (
    item_id bigint,
    at timestamptz,
    views bigint,
    likes bigint,
    comments bigint,
    shares bigint,
    watch_seconds double precision,
    unlikes bigint,
    uncomments bigint,
    gives boolean
)
language sql stable
begin atomic
select
    part.item_id,
    part.at,
    one.views,
    one.likes,
    one.comments,
    one.shares,
    one.watch_seconds,
    one.unlikes,
    one.uncomments,
    -- What only takes a waiting event out gives nothing, and is no loss either.
    case when part.count > 0 then one.gives end
from (
    select
        timely.item_id,
        timely.occurred_at as at,
        timely.event_type,
        timely.count,
        timely.seconds
    from core.event as timely
    where
        timely.counted
        and timely.occurred_at > counted_between.since
        and timely.occurred_at >= counted_between.raw_since
        and timely.occurred_at <= counted_between.until
        and timely.received_at >= timely.occurred_at
    union all
    -- An event that was ahead of its time counts at received_at. The accept path allows an hour
    -- (settings: max_future_seconds); a day is what is searched.
    select
        ahead.item_id,
        ahead.received_at as at,
        ahead.event_type,
        ahead.count,
        ahead.seconds
    from core.event as ahead
    where
        ahead.counted
        and ahead.received_at > counted_between.since
        and ahead.received_at <= counted_between.until
        and ahead.received_at < ahead.occurred_at
        and ahead.occurred_at > counted_between.since
        and ahead.occurred_at >= counted_between.raw_since
        and ahead.occurred_at <= case
            when isfinite(counted_between.until) then counted_between.until + interval '1 day'
            else counted_between.until
        end
    union all
    select
        feed.item_id,
        feed.occurred_at as at,
        feed.event_type,
        -feed.count as count,
        feed.seconds
    from core.score_feed as feed
    where
        feed.occurred_at > counted_between.since
        and feed.occurred_at <= counted_between.until
        and feed.occurred_at < counted_between.fed_before
) as part
cross join lateral api.event_counts(part.event_type, part.count, part.seconds) as one;
end;

comment on function api.counted_between(timestamptz, timestamptz, timestamptz, timestamptz) is
    'What the events after since and up to until count, less those in the feed before fed_before.';
