-- Engagement of each item in each minute, in UTC.
-- Source: core.event. Feeds: agg.engagement_15m, api.explain_score.
-- Keeps: the sum over an item's minutes equals its counted events. No joins: an aggregate never
-- sees changes of a joined table.

create materialized view agg.engagement_1m
with (timescaledb.continuous, timescaledb.materialized_only = false) as
select
    time_bucket(interval '1 minute', occurred_at) as bucket,
    item_id,
    sum(case event_type when 'view' then count else 0 end)::bigint as views,
    sum(case event_type when 'like' then count when 'unlike' then -count else 0 end)::bigint
        as likes,
    sum(
        case event_type when 'comment' then count when 'uncomment' then -count else 0 end
    )::bigint as comments,
    sum(case event_type when 'share' then count else 0 end)::bigint as shares,
    sum(case event_type when 'watch_time' then seconds * count else 0 end)
        as watch_seconds
from core.event
where counted
group by time_bucket(interval '1 minute', occurred_at), item_id
with no data;

comment on view agg.engagement_1m is
    'Views, likes, comments, shares and watch seconds of each item in each minute (UTC).';

grant select on agg.engagement_1m to groundswell_service, groundswell_read;
