-- Counts of one item: today and this month in UTC, and over its lifetime.
-- Source: agg.engagement_1m (today), agg.engagement_1d (before). Feeds: GET /analytics/stats/{id}.
-- Keeps: lifetime counts are at least 0; today and this month are what they changed by. No row for
-- an unknown item, a row of zeros for one without events. Both aggregates are read in real time; an
-- event late by days shows when its day is next refreshed.
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
    as_of timestamptz
)
language sql stable
set jit = off
begin atomic
with moment as (
    select
        date_trunc('day', item_stats.as_of, 'UTC') as today,
        date_trunc('month', item_stats.as_of, 'UTC') as month
),

item as (
    select known.item_id
    from core.item as known
    where
        known.content_type = item_stats.content_type
        and known.external_id = item_stats.external_id
),

part as (
    select
        true as is_today,
        true as is_month,
        minute.views,
        minute.likes,
        minute.comments,
        minute.shares,
        minute.watch_seconds
    from agg.engagement_1m as minute
    where
        minute.item_id = (select item.item_id from item)
        and minute.bucket >= (select moment.today from moment)
    union all
    select
        false as is_today,
        day.bucket >= (select moment.month from moment) as is_month,
        day.views,
        day.likes,
        day.comments,
        day.shares,
        day.watch_seconds
    from agg.engagement_1d as day
    where
        day.item_id = (select item.item_id from item)
        and day.bucket < (select moment.today from moment)
)

select
    item_stats.external_id,
    item_stats.content_type,
    coalesce(sum(part.views) filter (where part.is_today), 0)::bigint,
    coalesce(sum(part.views) filter (where part.is_month), 0)::bigint,
    coalesce(sum(part.views), 0)::bigint,
    coalesce(sum(part.likes) filter (where part.is_today), 0)::bigint,
    coalesce(sum(part.likes) filter (where part.is_month), 0)::bigint,
    greatest(sum(part.likes), 0)::bigint,
    coalesce(sum(part.comments) filter (where part.is_today), 0)::bigint,
    coalesce(sum(part.comments) filter (where part.is_month), 0)::bigint,
    greatest(sum(part.comments), 0)::bigint,
    coalesce(sum(part.shares) filter (where part.is_today), 0)::bigint,
    coalesce(sum(part.shares) filter (where part.is_month), 0)::bigint,
    coalesce(sum(part.shares), 0)::bigint,
    coalesce(sum(part.watch_seconds) filter (where part.is_today), 0),
    coalesce(sum(part.watch_seconds) filter (where part.is_month), 0),
    coalesce(sum(part.watch_seconds), 0),
    item_stats.as_of
from item
left join part on true
group by item.item_id;
end;

comment on function api.item_stats(text, text, timestamptz) is
    'Today, this month and lifetime counts of one item as of a moment, UTC; no row if unknown.';
grant execute on function api.item_stats(text, text, timestamptz)
to groundswell_service, groundswell_read;
