-- Unique viewers of some items since some moments.
-- Source: core.viewer_day, core.viewer_item, core.score_feed.
-- Feeds: api.stats_of_items, api.zone_stats, SQL dashboards.
-- Keeps: by quarter hours: of a moment within one, all of it counts. Each committed view counts
-- from the moment that it is committed. Item 0 is the site. Exact where a window has fewer than
-- 1,000 viewers and no day at its ends had more; a standard error of 1.15 % otherwise. No rows
-- where there are none. A moment must be at most as long ago as days are kept
-- (core.storage_policy, viewer_day), or -infinity.
create function api.viewers_since(item_ids bigint[], since timestamptz[])
returns table (item_id bigint, since timestamptz, viewers bigint)
language sql stable
security definer
set search_path = pg_catalog, public
set jit = off
set work_mem = '64MB'
-- Days are looked up one by one, whatever is known of them.
set enable_seqscan = off
begin atomic
with asked as materialized (
    select
        row_number() over () as place,
        pair.item_id,
        pair.since,
        case
            when isfinite(pair.since) then time_bucket(interval '15 minutes', pair.since)
            else pair.since
        end as begins,
        (pair.since at time zone 'UTC')::date as day
    from (
        select distinct
            each.item_id,
            each.since
        from unnest(viewers_since.item_ids, viewers_since.since) as each (item_id, since)
    ) as pair
),

-- The days at the ends: those that are not closed, and those that a window begins within.
wanted as materialized (
    select
        end_of.place,
        end_of.item_id,
        end_of.day,
        api.quarter_hours(end_of.day, end_of.begins, 'infinity') as quarters
    from (
        select
            asked.place,
            asked.item_id,
            asked.begins,
            asked.day
        from asked
        where asked.begins > asked.day::timestamp at time zone 'UTC'
        union
        select
            asked.place,
            asked.item_id,
            asked.begins,
            open.day
        from asked
        inner join (
            select position.closed_before + step.days as day
            from core.viewer_position as position
            cross join lateral generate_series(
                0, (select max(stored.day) from core.viewer_day as stored) - position.closed_before
            ) as step (days)
        ) as open on asked.day <= open.day
    ) as end_of
),

seen as (
    select
        wanted.place,
        stored.entry
    from (
        select distinct
            each.item_id,
            each.day
        from wanted as each
    ) as read_once
    cross join lateral (
        select
            known.entry,
            known.quarters
        from core.viewer_day as known
        where known.day = read_once.day and known.item_id = read_once.item_id
        offset 0
    ) as stored
    inner join wanted
        on
            read_once.item_id = wanted.item_id
            and read_once.day = wanted.day
            and stored.quarters & wanted.quarters <> 0::bit(96)
    union all
    select
        asked.place,
        stored.entry
    from (
        select each.*
        from (select distinct asked.item_id from asked) as item
        cross join lateral (
            select
                known.item_id,
                known.entry,
                known.last_day::timestamp at time zone 'UTC' as at
            from core.viewer_item as known
            where known.item_id = item.item_id
            offset 0
        ) as each
        offset 0 -- read once, not once a moment
    ) as stored
    inner join asked on stored.item_id = asked.item_id and stored.at >= asked.begins
    union all
    -- Looked up item by item: what waits to be scored may be long.
    select
        asked.place,
        fed.viewer & 9223372036854775807
    from (
        select each.*
        from (select distinct asked.item_id from asked) as item
        cross join lateral (
            select
                feed.item_id,
                feed.viewer,
                feed.occurred_at
            from core.score_feed as feed
            where
                feed.item_id = item.item_id
                and feed.viewer is not null
                and feed.event_type = 'view'
            offset 0
        ) as each
        offset 0
    ) as fed
    inner join asked on fed.item_id = asked.item_id and fed.occurred_at >= asked.begins
    union all
    select
        asked.place,
        feed.viewer & 9223372036854775807
    from core.score_feed as feed
    inner join asked on asked.item_id = 0 and feed.occurred_at >= asked.begins
    where
        feed.viewer is not null
        and feed.event_type = 'view'
        and 0 = any(viewers_since.item_ids)
),

-- Of a register only the highest rank counts.
counted as (
    select each.*
    from (
        select
            array_agg(needed.place) as places,
            array_agg(needed.entry) as entries
        from (
            select
                seen.place,
                min(seen.entry) as entry
            from seen
            group by
                seen.place,
                case when seen.entry < 0 then -1 - (-1 - seen.entry) / 64 else seen.entry end
        ) as needed
    ) as found
    cross join lateral api.count_viewers(found.places, found.entries) as each
)

select
    asked.item_id,
    asked.since,
    counted.viewers
from counted
inner join asked on counted.place = asked.place;
end;

comment on function api.viewers_since(bigint[], timestamptz[]) is
    'Unique viewers of items (0: the site), each since the moment beside it, up to now. '
    'Stable.';
grant execute on function api.viewers_since(bigint[], timestamptz[])
to groundswell_service, groundswell_read;
