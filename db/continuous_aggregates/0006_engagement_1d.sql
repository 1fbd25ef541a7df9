-- Engagement of each item in each day, in UTC.
-- Source: agg.engagement_15m. Feeds: api.recount_windows, api.recount_scores.
-- Keeps: each bucket equals the sum of its buckets in agg.engagement_15m once both are refreshed.

create materialized view agg.engagement_1d
with (timescaledb.continuous, timescaledb.materialized_only = false) as
select
    time_bucket(interval '1 day', bucket) as bucket,
    item_id,
    sum(views)::bigint as views,
    sum(likes)::bigint as likes,
    sum(comments)::bigint as comments,
    sum(shares)::bigint as shares,
    sum(watch_seconds) as watch_seconds
from agg.engagement_15m
group by time_bucket(interval '1 day', bucket), item_id
with no data;

comment on view agg.engagement_1d is
    'Views, likes, comments, shares and watch seconds of each item in each day (UTC).';

grant select on agg.engagement_1d to groundswell_service, groundswell_read;
