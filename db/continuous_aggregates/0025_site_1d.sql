-- Engagement of all items together in each day, in UTC.
-- Source: agg.engagement_1d. Feeds: api.engagement_sums.
-- Keeps: each bucket equals the sum over the items of agg.engagement_1d once both are refreshed.

create materialized view agg.site_1d
with (timescaledb.continuous, timescaledb.materialized_only = false) as
select
    time_bucket(interval '1 day', bucket) as bucket,
    sum(views)::bigint as views,
    sum(likes)::bigint as likes,
    sum(comments)::bigint as comments,
    sum(shares)::bigint as shares,
    sum(watch_seconds) as watch_seconds
from agg.engagement_1d
group by time_bucket(interval '1 day', bucket)
with no data;

comment on view agg.site_1d is
    'Views, likes, comments, shares and watch seconds of the site in each day (UTC).';

grant select on agg.site_1d to groundswell_service, groundswell_read;
alter materialized view agg.site_1d set (timescaledb.compress = true);
