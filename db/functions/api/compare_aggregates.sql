-- How many items have counts on some days, and for how many the aggregates differ from the events.
-- Source: core.event, agg.engagement_1m, agg.engagement_15m, agg.engagement_1d.
-- Feeds: api.recompute_stats.
-- Keeps: compared day by day (UTC) and level by level, so that what is missing here cannot be made
-- up for by what is too much there; seconds, a float, to a thousandth.
create function api.compare_aggregates(
    since timestamptz, until timestamptz, out items bigint, out differing bigint
)
language sql stable
set jit = off
begin atomic
with counted as (
    select
        'event' as level,
        date_trunc('day', event.occurred_at, 'UTC') as day,
        event.item_id,
        one.views,
        one.likes,
        one.comments,
        one.shares,
        one.watch_seconds
    from core.event
    cross join lateral api.event_counts(event.event_type, event.count, event.seconds) as one
    where
        event.counted
        and event.occurred_at >= compare_aggregates.since
        and event.occurred_at < compare_aggregates.until
    union all
    select
        'engagement_1m' as level,
        date_trunc('day', part.bucket, 'UTC') as day,
        part.item_id,
        part.views,
        part.likes,
        part.comments,
        part.shares,
        part.watch_seconds
    from agg.engagement_1m as part
    where part.bucket >= compare_aggregates.since and part.bucket < compare_aggregates.until
    union all
    select
        'engagement_15m' as level,
        date_trunc('day', part.bucket, 'UTC') as day,
        part.item_id,
        part.views,
        part.likes,
        part.comments,
        part.shares,
        part.watch_seconds
    from agg.engagement_15m as part
    where part.bucket >= compare_aggregates.since and part.bucket < compare_aggregates.until
    union all
    select
        'engagement_1d' as level,
        part.bucket as day,
        part.item_id,
        part.views,
        part.likes,
        part.comments,
        part.shares,
        part.watch_seconds
    from agg.engagement_1d as part
    where part.bucket >= compare_aggregates.since and part.bucket < compare_aggregates.until
),

summed as (
    select
        counted.level,
        counted.day,
        counted.item_id,
        sum(counted.views) as views,
        sum(counted.likes) as likes,
        sum(counted.comments) as comments,
        sum(counted.shares) as shares,
        sum(counted.watch_seconds) as watch_seconds
    from counted
    group by counted.level, counted.day, counted.item_id
),

compared as (
    select
        summed.item_id,
        count(*) < 4
        or min(summed.views) <> max(summed.views)
        or min(summed.likes) <> max(summed.likes)
        or min(summed.comments) <> max(summed.comments)
        or min(summed.shares) <> max(summed.shares)
        or max(summed.watch_seconds) - min(summed.watch_seconds) > 0.001 as differs
    from summed
    group by summed.day, summed.item_id
)

select
    count(distinct compared.item_id),
    count(distinct compared.item_id) filter (where compared.differs)
from compared;
end;

comment on function api.compare_aggregates(timestamptz, timestamptz) is
    'Items with counts between two day edges (UTC), and those of them on which an aggregate and '
    'the raw events disagree.';
