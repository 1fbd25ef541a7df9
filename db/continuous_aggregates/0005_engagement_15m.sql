-- Engagement of each item in each quarter of an hour, in UTC.
-- Source: agg.engagement_1m. Feeds: agg.engagement_1d, api.compare_aggregates.
-- Keeps: each bucket equals the sum of its buckets in agg.engagement_1m once both are refreshed.

create materialized view agg.engagement_15m
with (timescaledb.continuous, timescaledb.materialized_only = false) as
select
    time_bucket(interval '15 minutes', bucket) as bucket,
    item_id,
    sum(views)::bigint as views,
    sum(likes)::bigint as likes,
    sum(comments)::bigint as comments,
    sum(shares)::bigint as shares,
    sum(watch_seconds) as watch_seconds
from agg.engagement_1m
group by time_bucket(interval '15 minutes', bucket), item_id
with no data;

comment on view agg.engagement_15m is
    'Views, likes, comments, shares and watch seconds of each item in each quarter hour (UTC).';

grant select on agg.engagement_15m to groundswell_service, groundswell_read;
