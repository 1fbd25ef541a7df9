-- Engagement of all items together in each quarter of an hour, in UTC.
-- Source: agg.engagement_15m. Feeds: api.engagement_sums.
-- Keeps: each bucket equals the sum over the items of agg.engagement_15m once both are refreshed.

create materialized view agg.site_15m
with (timescaledb.continuous, timescaledb.materialized_only = false) as
select
    time_bucket(interval '15 minutes', bucket) as bucket,
    sum(views)::bigint as views,
    sum(likes)::bigint as likes,
    sum(comments)::bigint as comments,
    sum(shares)::bigint as shares,
    sum(watch_seconds) as watch_seconds
from agg.engagement_15m
group by time_bucket(interval '15 minutes', bucket)
with no data;

comment on view agg.site_15m is
    'Views, likes, comments, shares and watch seconds of the site in each quarter hour (UTC).';

grant select on agg.site_15m to groundswell_service, groundswell_read;
alter materialized view agg.site_15m set (timescaledb.compress = true);
