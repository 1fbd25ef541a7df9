-- Counts of some items today, this week and this month in a zone, each item as of a moment.
-- Source: api.engagement_15m, api.viewers_since. Feeds: GET /analytics/stats.
-- Keeps: the same as api.stats_of_items says in the zone of core.calendar: every committed event,
-- of any age, counts once. Days begin at whole quarter hours in all zones. No rows for an unknown
-- item, rows of zeros for one without events.
create function api.zone_stats(
    content_types text[], external_ids text[], as_of timestamptz[], zone text
)
returns table (
    item_id bigint,
    content_type text,
    content_id text,
    "window" text,
    views bigint,
    likes bigint,
    comments bigint,
    shares bigint,
    watch_seconds double precision,
    unique_viewers bigint
)
language sql stable rows 3
set jit = off
begin atomic
with item as materialized (
    select distinct
        known.item_id,
        known.content_type,
        known.external_id,
        asked.as_of
    from unnest(zone_stats.content_types, zone_stats.external_ids, zone_stats.as_of)
        as asked (content_type, external_id, as_of)
    inner join core.item as known
        on
            asked.content_type = known.content_type
            and asked.external_id = known.external_id
),

period as materialized (
    select
        item.item_id,
        known.name as "window",
        api.calendar_start(known.name, item.as_of, zone_stats.zone) as begins
    from item
    cross join core.time_window as known
    where known.calendar_unit is not null
),

earliest as materialized (
    select min(period.begins) as begins from period
),

-- Read once for all windows, by item: the aggregate has an index of them.
refreshed as materialized (
    select
        quarter.item_id,
        quarter.bucket,
        quarter.views,
        quarter.likes,
        quarter.comments,
        quarter.shares,
        quarter.watch_seconds
    from api.engagement_15m as quarter
    where
        quarter.item_id = any(array(select item.item_id from item))
        and quarter.bucket >= (select earliest.begins from earliest)
),

part as (
    select
        period.item_id,
        period."window",
        quarter.views,
        quarter.likes,
        quarter.comments,
        quarter.shares,
        quarter.watch_seconds
    from period
    inner join refreshed as quarter
        on period.item_id = quarter.item_id and period.begins <= quarter.bucket
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
            array_agg(period.item_id) as item_ids,
            array_agg(period.begins) as since
        from period
    ) as asked
    cross join lateral api.viewers_since(asked.item_ids, asked.since) as each
)

select
    item.item_id,
    item.content_type,
    item.external_id,
    period."window",
    coalesce(counted.views, 0)::bigint,
    coalesce(counted.likes, 0)::bigint,
    coalesce(counted.comments, 0)::bigint,
    coalesce(counted.shares, 0)::bigint,
    coalesce(round(counted.watch_seconds::numeric, 6), 0)::double precision,
    least(coalesce(seen.viewers, 0), coalesce(counted.views, 0))::bigint
from item
inner join period on item.item_id = period.item_id
left join counted
    on period.item_id = counted.item_id and period."window" = counted."window"
left join seen on period.item_id = seen.item_id and period.begins = seen.since;
end;

comment on function api.zone_stats(text[], text[], timestamptz[], text) is
    'Counts of items today, this week and this month in an IANA time zone, each as of its moment; '
    'no rows for what is unknown.';
grant execute on function api.zone_stats(text[], text[], timestamptz[], text)
to groundswell_service, groundswell_read;
