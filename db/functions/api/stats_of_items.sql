-- Counts of some items in every window: moving ones, those of the calendar, and the lifetime.
-- Source: core.item_window and core.score_feed; core.event for what a window does not hold yet;
-- api.viewers_since.
-- Feeds: GET /analytics/stats/{id}, api.item_stats.
-- Keeps: every committed event, of any age, counts once, from the moment that it is committed, in
-- the same windows as in every list: those that hold when it happened, or when it came where that
-- is earlier. A moving window begins where the last scoring run has put it, as it does for top
-- lists; before the first run, its length before as_of. Lifetime counts are at least 0; all others
-- are what they changed by. What is scored is in the windows, what is not yet is in the feed. No
-- rows for an unknown item, rows of zeros for one without events. Seconds are told to the
-- microsecond: what float error leaves behind as events come and go is none of theirs.
create function api.stats_of_items(content_types text[], external_ids text[], as_of timestamptz)
returns table (
    item_id bigint,
    content_type text,
    content_id text,
    "window" text,
    since timestamptz,
    zone text,
    views bigint,
    likes bigint,
    comments bigint,
    shares bigint,
    watch_seconds double precision,
    unique_viewers bigint
)
language sql stable rows 8
set jit = off
begin atomic
with item as materialized (
    select distinct
        known.item_id,
        known.content_type,
        known.external_id
    from unnest(stats_of_items.content_types, stats_of_items.external_ids)
        as asked (content_type, external_id)
    inner join core.item as known
        on
            asked.content_type = known.content_type
            and asked.external_id = known.external_id
),

period as materialized (
    select
        known.name as "window",
        calendar.zone,
        started.after,
        -- One that is on its way back to where it is to begin holds what is after it; one that
        -- has not turned yet, as in the first moments of a day, another day.
        case
            when known.calendar_unit is null then started.after
            when position.since >= started.after then position.since
            else 'infinity'
        end as counted_after
    from core.time_window as known
    cross join core.calendar as calendar
    left join core.window_position as position on known.name = position."window"
    cross join lateral (
        select
            case
                when known.calendar_unit is null
                    then coalesce(
                        position.since, api.window_start(known.name, stats_of_items.as_of)
                    )
                else
                    api.calendar_start(known.name, stats_of_items.as_of, calendar.zone)
                    - interval '1 microsecond'
            end as after
    ) as started
),

part as (
    select
        counted.item_id,
        counted."window",
        counted.views,
        counted.likes,
        counted.comments,
        counted.shares,
        counted.watch_seconds
    from item
    cross join period
    cross join lateral (
        -- Looked up one by one, whatever is expected of the tables.
        select stored.*
        from core.item_window as stored
        where stored."window" = period."window" and stored.item_id = item.item_id
        offset 0
    ) as counted
    where period.counted_after < 'infinity'
    union all
    select
        fed.item_id,
        period."window",
        fed.views,
        fed.likes,
        fed.comments,
        fed.shares,
        fed.watch_seconds
    from item
    -- Looked up one by one here, too: a history that waits to be scored is long.
    cross join lateral (
        select
            feed.item_id,
            feed.occurred_at,
            one.views,
            one.likes,
            one.comments,
            one.shares,
            one.watch_seconds
        from core.score_feed as feed
        cross join lateral api.event_counts(feed.event_type, feed.count, feed.seconds) as one
        where feed.item_id = item.item_id
        offset 0
    ) as fed
    inner join period on fed.occurred_at > period.counted_after
    union all
    select
        event.item_id,
        period."window",
        one.views,
        one.likes,
        one.comments,
        one.shares,
        one.watch_seconds
    from period
    inner join api.event as event
        on
            period.after < period.counted_after
            and period.after < event.occurred_at
            and period.counted_after >= event.occurred_at
    cross join lateral api.event_counts(event.event_type, event.count, event.seconds) as one
    where event.counted and event.item_id in (select item.item_id from item)
),

counted as (
    select
        part.item_id,
        part."window",
        sum(part.views) as views,
        sum(part.likes) as likes,
        sum(part.comments) as comments,
        sum(part.shares) as shares,
        sum(part.watch_seconds) as watch_seconds
    from part
    group by part.item_id, part."window"
),

seen as (
    select each.*
    from (
        select
            array_agg(item.item_id) as item_ids,
            array_agg(period.after + interval '1 microsecond') as since
        from item
        cross join period
    ) as asked
    cross join lateral api.viewers_since(asked.item_ids, asked.since) as each
)

select
    item.item_id,
    item.content_type,
    item.external_id,
    period."window",
    nullif(period.after, '-infinity'),
    period.zone,
    coalesce(counted.views, 0)::bigint,
    greatest(
        coalesce(counted.likes, 0), case period."window" when 'all' then 0 end
    )::bigint,
    greatest(
        coalesce(counted.comments, 0), case period."window" when 'all' then 0 end
    )::bigint,
    coalesce(counted.shares, 0)::bigint,
    coalesce(round(counted.watch_seconds::numeric, 6), 0)::double precision,
    -- A window begins within a quarter hour: nobody has viewed without a view.
    least(coalesce(seen.viewers, 0), coalesce(counted.views, 0))::bigint
from item
cross join period
left join counted
    on item.item_id = counted.item_id and period."window" = counted."window"
left join seen
    on
        item.item_id = seen.item_id
        and period.after + interval '1 microsecond' = seen.since;
end;

comment on function api.stats_of_items(text[], text[], timestamptz) is
    'Counts of items in each window as of a moment, what happened after since, and the zone of '
    'today, week and month; no rows for what is unknown. '
    'Stable.';
grant execute on function api.stats_of_items(text[], text[], timestamptz)
to groundswell_service, groundswell_read;
