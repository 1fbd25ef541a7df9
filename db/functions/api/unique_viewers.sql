-- Unique viewers between each two neighbouring edges, of the site or of items, together or apart.
-- Source: core.viewer_day, core.score_feed, core.storage_policy.
-- Feeds: GET /analytics/series, GET /analytics/totals, SQL dashboards.
-- Keeps: by quarter hours: what a bucket touches in part counts as a whole. Each committed view
-- counts from the moment that it is committed. Exact where no item had more than 1,000 viewers on
-- one of the days (UTC); a standard error of 1.15 % otherwise. No rows where there are none. Raises
-- check_violation for what is gone, and for more items, days and buckets than can be read at once,
-- before it reads them.
create function api.unique_viewers(
    edges timestamptz[], item_ids bigint[] default null, apart boolean default false
)
returns table (place integer, item_id bigint, viewers bigint)
language plpgsql stable
security definer
set search_path = pg_catalog, public
set jit = off
-- Many buckets have many registers: 8,192 each at most.
set work_mem = '64MB'
-- Days are looked up one by one, whatever is known of them.
set enable_seqscan = off
as $$
#variable_conflict use_column
declare
    wanted constant bigint[] := coalesce(item_ids, '{0}');
    first_day constant date := (edges[1] at time zone 'UTC')::date;
    last_day constant date := (edges[cardinality(edges)] at time zone 'UTC')::date;
    most constant bigint := 200000;
    most_looks constant bigint := 5000000;
    readable timestamptz;
begin
    perform api.check_viewers_kept(edges[1]);
    if cardinality(wanted)::bigint * (last_day - first_day + 1) > most then
        raise exception using
            errcode = 'check_violation',
            message = format(
                'metrics: uniqueViewers of %s items over %s days are too many; their product may '
                'be %s', cardinality(wanted), last_day - first_day + 1, most
            );
    end if;
    readable := api.viewers_readable(edges, wanted, most_looks);
    if readable is null then
        raise exception using
            errcode = 'check_violation',
            message = 'from: these items have too many viewers for uniqueViewers of so much time '
            'in one bucket: begin later, or ask for fewer items';
    elsif readable < edges[cardinality(edges)] then
        raise exception using
            errcode = 'check_violation',
            message = format(
                'to: these items have too many viewers for uniqueViewers of %s buckets: end at %s '
                'or earlier, or take a wider bucket', cardinality(edges) - 1,
                to_char(readable at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')
            );
    end if;
    return query
    with bucket as (
        select
            edge.place,
            edge.begins,
            edge.ends
        from unnest(edges[:cardinality(edges) - 1], edges[2:]) with ordinality
            as edge (begins, ends, place)
    ),

    piece as materialized (
        select
            bucket.place,
            part.day,
            api.quarter_hours(part.day, bucket.begins, bucket.ends) as quarters
        from bucket
        cross join lateral (
            select (bucket.begins at time zone 'UTC')::date + step.days as day
            from generate_series(
                0,
                ((bucket.ends - interval '1 microsecond') at time zone 'UTC')::date
                - (bucket.begins at time zone 'UTC')::date
            ) as step (days)
        ) as part
    ),

    -- Read once, however many buckets a day has.
    seen as materialized (
        select
            item.item_id,
            stored.day,
            stored.entry,
            stored.quarters
        from (select distinct piece.day from piece) as touched
        cross join unnest(wanted) as item (item_id)
        cross join lateral (
            select
                known.day,
                known.entry,
                known.quarters
            from core.viewer_day as known
            where known.day = touched.day and known.item_id = item.item_id
            offset 0
        ) as stored
        union all
        select
            fed.item_id,
            (fed.occurred_at at time zone 'UTC')::date,
            fed.viewer & 9223372036854775807,
            api.quarter_hours(
                (fed.occurred_at at time zone 'UTC')::date,
                fed.occurred_at,
                fed.occurred_at + interval '1 microsecond'
            )
        from (
            -- Looked up item by item: what waits to be scored may be long.
            select waiting.*
            from unnest(wanted) as item (item_id)
            cross join lateral (
                select
                    feed.item_id,
                    feed.occurred_at,
                    feed.viewer
                from core.score_feed as feed
                where
                    feed.item_id = item.item_id
                    and feed.viewer is not null
                    and feed.event_type = 'view'
                offset 0
            ) as waiting
            union all
            select
                0,
                feed.occurred_at,
                feed.viewer
            from core.score_feed as feed
            where
                feed.viewer is not null
                and feed.event_type = 'view'
                and 0 = any(wanted)
        ) as fed
        where
            fed.occurred_at >= first_day::timestamp at time zone 'UTC'
            and fed.occurred_at < edges[cardinality(edges)] + interval '15 minutes'
    ),

    -- Of a register only the highest rank counts.
    grouped as (
        select
            found.number,
            min(found.entry) as entry
        from (
            select
                piece.place * 1000000
                + case when apart then array_position(wanted, seen.item_id) else 0 end as number,
                seen.entry,
                case when seen.entry < 0 then -1 - (-1 - seen.entry) / 64 else seen.entry end
                    as viewer_or_register
            from piece
            inner join seen
                on piece.day = seen.day and piece.quarters & seen.quarters <> 0::bit(96)
        ) as found
        group by found.number, found.viewer_or_register
    )

    select
        (counted.place / 1000000)::integer,
        case when apart then wanted[(counted.place % 1000000)::integer] end,
        counted.viewers
    from (
        select
            array_agg(grouped.number) as places,
            array_agg(grouped.entry) as entries
        from grouped
    ) as found
    cross join lateral api.count_viewers(found.places, found.entries) as counted;
end;
$$;

comment on function api.unique_viewers(timestamptz[], bigint[], boolean) is
    'Unique viewers by the number of the bucket: of the site, or of items, together or apart. '
    'Stable.';
grant execute on function api.unique_viewers(timestamptz[], bigint[], boolean)
to groundswell_service, groundswell_read;
