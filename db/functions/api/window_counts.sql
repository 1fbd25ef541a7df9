-- Counts of these items from a moment on, up to as_of.
-- Source: agg.engagement_1d, agg.engagement_15m, agg.engagement_1m. Feeds: api.run_ranking.
-- Keeps: each minute is read from exactly one level: whole days from the day level, the edges from
-- finer ones. A start inside a minute takes the whole minute.
create function api.window_counts(item_ids bigint [], since timestamptz, as_of timestamptz)
returns table (item_id bigint, views bigint, likes bigint, comments bigint, shares bigint)
language sql stable rows 1000
begin atomic
with edge as (
    select
        date_trunc('minute', greatest(window_counts.since, '2000-01-01 00:00:00+00')) as since,
        time_bucket(
            interval '15 minutes',
            greatest(window_counts.since, '2000-01-01 00:00:00+00')
            + interval '14 minutes 59.999999 seconds'
        ) as first_quarter,
        date_trunc(
            'day',
            greatest(window_counts.since, '2000-01-01 00:00:00+00')
            + interval '23 hours 59 minutes 59.999999 seconds',
            'UTC'
        ) as first_day,
        date_trunc('day', window_counts.as_of, 'UTC') as last_day,
        time_bucket(interval '15 minutes', window_counts.as_of) as last_quarter
),

part as (
    select
        minute.item_id,
        minute.views,
        minute.likes,
        minute.comments,
        minute.shares
    from agg.engagement_1m as minute
    where
        minute.item_id = any(window_counts.item_ids)
        and minute.bucket >= (select edge.since from edge)
        and minute.bucket < (select least(edge.first_quarter, edge.last_quarter) from edge)
    union all
    select
        minute.item_id,
        minute.views,
        minute.likes,
        minute.comments,
        minute.shares
    from agg.engagement_1m as minute
    where
        minute.item_id = any(window_counts.item_ids)
        and minute.bucket >= (select greatest(edge.since, edge.last_quarter) from edge)
        and minute.bucket <= window_counts.as_of
    union all
    select
        quarter.item_id,
        quarter.views,
        quarter.likes,
        quarter.comments,
        quarter.shares
    from agg.engagement_15m as quarter
    where
        quarter.item_id = any(window_counts.item_ids)
        and quarter.bucket >= (select edge.first_quarter from edge)
        and quarter.bucket < (select least(edge.first_day, edge.last_quarter) from edge)
    union all
    select
        quarter.item_id,
        quarter.views,
        quarter.likes,
        quarter.comments,
        quarter.shares
    from agg.engagement_15m as quarter
    where
        quarter.item_id = any(window_counts.item_ids)
        and quarter.bucket >= (select greatest(edge.first_day, edge.last_day) from edge)
        and quarter.bucket < (select edge.last_quarter from edge)
    union all
    select
        day.item_id,
        day.views,
        day.likes,
        day.comments,
        day.shares
    from agg.engagement_1d as day
    where
        day.item_id = any(window_counts.item_ids)
        and day.bucket >= (select edge.first_day from edge)
        and day.bucket < (select edge.last_day from edge)
)

select
    part.item_id,
    sum(part.views)::bigint,
    sum(part.likes)::bigint,
    sum(part.comments)::bigint,
    sum(part.shares)::bigint
from part
group by part.item_id;
end;

comment on function api.window_counts (bigint [], timestamptz, timestamptz) is
    'Views, likes, comments and shares of these items since a moment; items without any are absent.';
grant execute on function api.window_counts (bigint [], timestamptz, timestamptz)
to groundswell_service, groundswell_read;
