-- Engagement of all items together in each minute, in UTC.
-- Source: agg.engagement_1m. Feeds: api.engagement_sums.
-- Keeps: each bucket equals the sum over the items of agg.engagement_1m once both are refreshed.

create materialized view agg.site_1m
with (timescaledb.continuous, timescaledb.materialized_only = false) as
select
    time_bucket(interval '1 minute', bucket) as bucket,
    sum(views)::bigint as views,
    sum(likes)::bigint as likes,
    sum(comments)::bigint as comments,
    sum(shares)::bigint as shares,
    sum(watch_seconds) as watch_seconds
from agg.engagement_1m
group by time_bucket(interval '1 minute', bucket)
with no data;

comment on view agg.site_1m is
    'Views, likes, comments, shares and watch seconds of the site in each minute (UTC).';

grant select on agg.site_1m to groundswell_service, groundswell_read;
alter materialized view agg.site_1m set (timescaledb.compress = true);
