-- The last edge up to which unique viewers can be read at once; null where not to the first.
-- Source: core.viewer_day. Feeds: api.unique_viewers.
-- Keeps: no bucket is begun that cannot be ended: an entry of a day is looked at once for each
-- bucket that the day lies in, and there are at most so many looks. Counted only where there may
-- be more: a day of an item has at most 8,192 registers of about seven ranks.
create function api.viewers_readable(edges timestamptz[], item_ids bigint[], most bigint)
returns timestamptz
language sql stable
set jit = off
-- Days are looked up one by one, whatever is known of them.
set enable_seqscan = off
begin atomic
with piece as materialized (
    select
        bucket.place,
        (bucket.begins at time zone 'UTC')::date + step.days as day
    from unnest(
        viewers_readable.edges[:cardinality(viewers_readable.edges) - 1],
        viewers_readable.edges[2:]
    ) with ordinality as bucket (begins, ends, place)
    cross join lateral generate_series(
        0,
        ((bucket.ends - interval '1 microsecond') at time zone 'UTC')::date
        - (bucket.begins at time zone 'UTC')::date
    ) as step (days)
),

is_small as materialized (
    select viewers_readable.most >= 57344 * cardinality(viewers_readable.item_ids) * count(*) as yes
    from piece
),

of_day as materialized (
    select
        touched.day,
        sum(stored.entries) as entries
    from (
        select distinct piece.day
        from piece
        inner join is_small on not is_small.yes
    ) as touched
    cross join unnest(viewers_readable.item_ids) as item (item_id)
    cross join lateral (
        select count(*) as entries
        from (
            select 1
            from core.viewer_day as known
            where known.day = touched.day and known.item_id = item.item_id
            limit 57344
        ) as entry
    ) as stored
    group by touched.day
),

so_far as (
    select
        piece.place,
        sum(coalesce(sum(of_day.entries), 0)) over (order by piece.place) as entries
    from piece
    left join of_day on piece.day = of_day.day
    group by piece.place
)

select viewers_readable.edges[max(so_far.place) + 1]
from so_far
where so_far.entries <= viewers_readable.most;
end;

comment on function api.viewers_readable(timestamptz[], bigint[], bigint) is
    'Up to which edge the viewers of some items can be read with at most so many looks.';
grant execute on function api.viewers_readable(timestamptz[], bigint[], bigint)
to groundswell_service;
