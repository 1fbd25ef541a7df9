-- Counted events after one moment and up to another, less those that wait in the feed.
-- Source: core.event, core.score_feed. Feeds: api.add_to_window, api.take_from_window,
-- api.add_to_scores.
-- Keeps: what waits is there twice, as an event and with all counts below 0: so it is in no sum.
-- Reads no events that are gone in part (api.raw_since). No settings: the planner can inline it.
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
        event.item_id,
        event.occurred_at as at,
        event.event_type,
        event.count,
        event.seconds
    from core.event as event
    where
        event.counted
        and event.occurred_at > counted_between.since
        and event.occurred_at >= counted_between.raw_since
        and event.occurred_at <= counted_between.until
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
