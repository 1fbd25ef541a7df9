-- Counts of one item today, this month and over its lifetime, in one row.
-- Source: api.stats_of_items. Feeds: SQL dashboards.
-- Keeps: no row for an unknown item, a row of zeros for one without events.
create function api.item_stats(content_type text, external_id text, as_of timestamptz)
returns table (
    content_id text,
    content_type text,
    views_today bigint,
    views_month bigint,
    views_total bigint,
    likes_today bigint,
    likes_month bigint,
    likes_total bigint,
    comments_today bigint,
    comments_month bigint,
    comments_total bigint,
    shares_today bigint,
    shares_month bigint,
    shares_total bigint,
    watch_seconds_today double precision,
    watch_seconds_month double precision,
    watch_seconds_total double precision,
    unique_viewers_today bigint,
    unique_viewers_month bigint,
    unique_viewers_total bigint,
    as_of timestamptz,
    zone text
)
language sql stable
begin atomic
select
    counted.content_id,
    counted.content_type,
    max(counted.views) filter (where counted."window" = 'today'),
    max(counted.views) filter (where counted."window" = 'month'),
    max(counted.views) filter (where counted."window" = 'all'),
    max(counted.likes) filter (where counted."window" = 'today'),
    max(counted.likes) filter (where counted."window" = 'month'),
    max(counted.likes) filter (where counted."window" = 'all'),
    max(counted.comments) filter (where counted."window" = 'today'),
    max(counted.comments) filter (where counted."window" = 'month'),
    max(counted.comments) filter (where counted."window" = 'all'),
    max(counted.shares) filter (where counted."window" = 'today'),
    max(counted.shares) filter (where counted."window" = 'month'),
    max(counted.shares) filter (where counted."window" = 'all'),
    max(counted.watch_seconds) filter (where counted."window" = 'today'),
    max(counted.watch_seconds) filter (where counted."window" = 'month'),
    max(counted.watch_seconds) filter (where counted."window" = 'all'),
    max(counted.unique_viewers) filter (where counted."window" = 'today'),
    max(counted.unique_viewers) filter (where counted."window" = 'month'),
    max(counted.unique_viewers) filter (where counted."window" = 'all'),
    item_stats.as_of,
    counted.zone
from api.stats_of_items(
    array[item_stats.content_type], array[item_stats.external_id], item_stats.as_of
) as counted
group by counted.content_id, counted.content_type, counted.zone;
end;

comment on function api.item_stats(text, text, timestamptz) is
    'Today, this month and lifetime counts of one item as of a moment, and the zone of its day; no '
    'row if unknown. '
    'Stable.';
grant execute on function api.item_stats(text, text, timestamptz)
to groundswell_service, groundswell_read;
