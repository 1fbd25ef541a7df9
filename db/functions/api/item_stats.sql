-- Counts of one item: today and this month in the zone of core.calendar, and over its lifetime.
-- Source: core.item_window and core.score_feed; core.event where a window has not turned yet.
-- Feeds: GET /analytics/stats/{id}.
-- Keeps: every committed event, of any age, counts once, from the moment that it is committed, in
-- the same day and month as in every other window and aggregate. Lifetime counts are at least 0;
-- today and this month are what they changed by.
-- What is scored is in the windows, what is not yet is in the feed. No row for an unknown
-- item, a row of zeros for one without events.
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
    as_of timestamptz,
    zone text
)
language sql stable
set jit = off
begin atomic
with item as materialized (
    select known.item_id
    from core.item as known
    where
        known.content_type = item_stats.content_type
        and known.external_id = item_stats.external_id
),

period as materialized (
    select
        started."window",
        started.begins,
        -- One that has not turned yet, as in the first moments of a day, holds another day.
        position.since is not null as is_counted
    from (
        select
            known.name as "window",
            calendar.zone,
            api.calendar_start(known.name, item_stats.as_of, calendar.zone) as begins
        from core.calendar as calendar
        cross join core.time_window as known
        where known.name in ('today', 'month')
    ) as started
    left join core.window_position as position
        on
            started."window" = position."window"
            and started.zone = position.zone
            and position.since = started.begins - interval '1 microsecond'
    union all
    select
        'all',
        '-infinity',
        true
),

fed as materialized (
    select
        feed.occurred_at,
        one.views,
        one.likes,
        one.comments,
        one.shares,
        one.watch_seconds
    from core.score_feed as feed
    cross join lateral api.event_counts(feed.event_type, feed.count, feed.seconds) as one
    where feed.item_id = (select item.item_id from item)
),

part as (
    select
        counted."window",
        counted.views,
        counted.likes,
        counted.comments,
        counted.shares,
        counted.watch_seconds
    from core.item_window as counted
    inner join period on counted."window" = period."window" and period.is_counted
    where
        counted."window" in ('today', 'month', 'all')
        and counted.item_id = (select item.item_id from item)
    union all
    select
        period."window",
        fed.views,
        fed.likes,
        fed.comments,
        fed.shares,
        fed.watch_seconds
    from period
    inner join fed on period.is_counted and period.begins <= fed.occurred_at
    union all
    select
        period."window",
        one.views,
        one.likes,
        one.comments,
        one.shares,
        one.watch_seconds
    from period
    inner join api.event
        on
            not period.is_counted
            and period.begins <= event.occurred_at
    cross join lateral api.event_counts(event.event_type, event.count, event.seconds) as one
    where event.counted and event.item_id = (select item.item_id from item)
)

select
    item_stats.external_id,
    item_stats.content_type,
    coalesce(sum(part.views) filter (where part."window" = 'today'), 0)::bigint,
    coalesce(sum(part.views) filter (where part."window" = 'month'), 0)::bigint,
    coalesce(sum(part.views) filter (where part."window" = 'all'), 0)::bigint,
    coalesce(sum(part.likes) filter (where part."window" = 'today'), 0)::bigint,
    coalesce(sum(part.likes) filter (where part."window" = 'month'), 0)::bigint,
    greatest(sum(part.likes) filter (where part."window" = 'all'), 0)::bigint,
    coalesce(sum(part.comments) filter (where part."window" = 'today'), 0)::bigint,
    coalesce(sum(part.comments) filter (where part."window" = 'month'), 0)::bigint,
    greatest(sum(part.comments) filter (where part."window" = 'all'), 0)::bigint,
    coalesce(sum(part.shares) filter (where part."window" = 'today'), 0)::bigint,
    coalesce(sum(part.shares) filter (where part."window" = 'month'), 0)::bigint,
    coalesce(sum(part.shares) filter (where part."window" = 'all'), 0)::bigint,
    coalesce(sum(part.watch_seconds) filter (where part."window" = 'today'), 0),
    coalesce(sum(part.watch_seconds) filter (where part."window" = 'month'), 0),
    coalesce(sum(part.watch_seconds) filter (where part."window" = 'all'), 0),
    item_stats.as_of,
    (select calendar.zone from core.calendar as calendar)
from item
left join part on true
group by item.item_id;
end;

comment on function api.item_stats(text, text, timestamptz) is
    'Today, this month and lifetime counts of one item as of a moment, and the zone of its day; no '
    'row if unknown.';
grant execute on function api.item_stats(text, text, timestamptz)
to groundswell_service, groundswell_read;
