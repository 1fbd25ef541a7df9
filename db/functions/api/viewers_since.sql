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
set jit = off
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

-- The days at the ends: those that are not closed, and those that a window begins in.
wanted as materialized (
    select
        asked.item_id,
        asked.day
    from asked
    where isfinite(asked.day)
    union
    select
        asked.item_id,
        open.day
    from asked
    cross join (
        select position.closed_before + step.days as day
        from core.viewer_position as position
        cross join lateral generate_series(
            0, (select max(stored.day) from core.viewer_day as stored) - position.closed_before
        ) as step (days)
    ) as open
),

seen as (
    select
        wanted.item_id,
        stored.entry,
        (wanted.day + stored.last_quarter * interval '15 minutes') at time zone 'UTC' as at
    from wanted
    cross join lateral (
        select
            known.entry,
            96 - position('1' in reverse(known.quarters::text)) as last_quarter
        from core.viewer_day as known
        where known.day = wanted.day and known.item_id = wanted.item_id
        offset 0
    ) as stored
    union all
    select
        item.item_id,
        stored.entry,
        stored.last_day::timestamp at time zone 'UTC' as at
    from (select distinct asked.item_id from asked) as item
    cross join lateral (
        select
            known.entry,
            known.last_day
        from core.viewer_item as known
        where known.item_id = item.item_id
        offset 0
    ) as stored
    union all
    select
        scope.item_id,
        feed.viewer & 9223372036854775807 as entry,
        time_bucket(interval '15 minutes', feed.occurred_at) as at
    from core.score_feed as feed
    cross join lateral (values (feed.item_id), (0)) as scope (item_id)
    where
        feed.viewer is not null
        and scope.item_id = any(viewers_since.item_ids)
),

latest as materialized (
    select
        seen.item_id,
        seen.entry,
        max(seen.at) as at
    from seen
    group by seen.item_id, seen.entry
),

counted as (
    select each.*
    from (
        select
            array_agg(asked.place) as places,
            array_agg(latest.entry) as entries
        from asked
        inner join latest on asked.item_id = latest.item_id and asked.begins <= latest.at
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
    'Unique viewers of items (0: the site), each since the moment beside it, up to now.';
grant execute on function api.viewers_since(bigint[], timestamptz[])
to groundswell_service, groundswell_read;
