-- Unique viewers between each two neighbouring edges of however many items, together or by name.
-- Source: core.viewer_day, core.score_feed, core.item. Feeds: GET /analytics/series,
-- GET /analytics/totals, GET /analytics/breakdown.
-- Keeps: as api.unique_viewers, which is quicker for few items and the site. `wanted` and
-- `split_by` are those of api.engagement_sums, without metadata: items count under the names that
-- they have now. Exact for each name and bucket that has fewer than 1,000 viewers, where none of
-- its items had more than 1,000 on one of the days (UTC). Raises check_violation for what is gone,
-- and where more would have to be looked at than can be.
create function api.unique_viewers_by(edges timestamptz[], wanted jsonb, split_by text)
returns table (place integer, item_id bigint, subject text, viewers bigint)
language plpgsql stable
security definer
set search_path = pg_catalog, public
set jit = off
-- Each name has 8,192 registers at most.
set work_mem = '64MB'
-- Nothing needs to be sorted.
set enable_mergejoin = off
as $$
#variable_conflict use_column
declare
    condition constant text := api.item_condition(wanted);
    most_items constant integer := 1000;
    most_looks constant bigint := 1000000;
    few bigint [];
    query text;
    looks bigint;
begin
    perform api.check_viewers_kept(edges[1]);
    execute format(
        'select array(select item.item_id from core.item where %s limit %s)',
        coalesce(condition, 'true'), most_items + 1
    ) into few;
    few := case when cardinality(few) <= most_items then few end;
    query := format(
        $query$
        with bucket as (
            select edge.place, edge.begins, edge.ends
            from unnest($1[:cardinality($1) - 1], $1[2:]) with ordinality
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

        -- Each view is looked at once for each bucket; the limit ends what would take too long.
        seen as materialized (
            select
                piece.place,
                %1$s as item_id,
                %2$s as subject,
                known.entry
            from (
                select stored.item_id, stored.day, stored.entry, stored.quarters
                from core.viewer_day as stored
                where stored.day = any($2) and stored.item_id > 0 %4$s
                union all
                select
                    feed.item_id,
                    (feed.occurred_at at time zone 'UTC')::date,
                    feed.viewer & 9223372036854775807,
                    api.quarter_hours(
                        (feed.occurred_at at time zone 'UTC')::date,
                        feed.occurred_at,
                        feed.occurred_at + interval '1 microsecond'
                    )
                from core.score_feed as feed
                where
                    feed.event_type = 'view'
                    and feed.viewer is not null
                    and feed.occurred_at >= $2[1] %5$s
            ) as known
            inner join core.item as item on known.item_id = item.item_id
            inner join piece
                on known.day = piece.day and known.quarters & piece.quarters <> 0::bit(96)
            where %3$s
            limit %6$s
        ),

        -- Of a register only the highest rank counts.
        register as materialized (
            select
                coded.place,
                coded.item_id,
                coded.subject,
                coded.code / 64 as register,
                max(coded.code %% 64) as rank,
                bool_or(coded.is_register) as is_register,
                count(*) as looks
            from (
                select
                    seen.place,
                    seen.item_id,
                    seen.subject,
                    seen.entry < 0 as is_register,
                    -1 - case
                        when seen.entry < 0 then seen.entry else api.viewer_entry(seen.entry)
                    end as code
                from seen
            ) as coded
            group by coded.place, coded.item_id, coded.subject, coded.code / 64
        ),

        estimated as materialized (
            select
                spread.place,
                spread.item_id,
                spread.subject,
                bool_or(spread.is_register) as is_register,
                sum(spread.looks) as looks,
                api.estimate_viewers(array_agg(spread.rank), array_agg(spread.registers)) as viewers
            from (
                select
                    register.place,
                    register.item_id,
                    register.subject,
                    register.rank,
                    count(*) as registers,
                    bool_or(register.is_register) as is_register,
                    sum(register.looks) as looks
                from register
                group by register.place, register.item_id, register.subject, register.rank
            ) as spread
            group by spread.place, spread.item_id, spread.subject
        ),

        -- Those who may be fewer than a thousand are counted one by one.
        exact as (
            select
                seen.place,
                seen.item_id,
                seen.subject,
                count(distinct seen.entry) as viewers
            from seen
            inner join estimated
                on
                    seen.place = estimated.place
                    and seen.item_id is not distinct from estimated.item_id
                    and seen.subject is not distinct from estimated.subject
            where estimated.viewers < 1100 and not estimated.is_register
            group by seen.place, seen.item_id, seen.subject
        )

        select
            estimated.place::integer,
            estimated.item_id,
            estimated.subject,
            coalesce(exact.viewers, estimated.viewers),
            sum(estimated.looks) over ()
        from estimated
        left join exact
            on
                estimated.place = exact.place
                and estimated.item_id is not distinct from exact.item_id
                and estimated.subject is not distinct from exact.subject
        $query$,
        case split_by when 'item' then 'item.item_id' else 'null::bigint' end,
        case split_by
            when 'category' then 'item.category'
            when 'contentType' then 'item.content_type'
            when 'creator' then 'item.creator'
            else 'null::text'
        end,
        coalesce(condition, 'true'),
        -- Few items are looked up one by one.
        case when few is not null then 'and stored.item_id = any($3)' end,
        case when few is not null then 'and feed.item_id = any($3)' end,
        most_looks + 1
    );
    for place, item_id, subject, viewers, looks in
        execute query using edges, array(
            select generate_series(
                (edges[1] at time zone 'UTC')::date,
                ((edges[cardinality(edges)] - interval '1 microsecond') at time zone 'UTC')::date,
                interval '1 day'
            )::date
        ), few
    loop
        if looks > most_looks then
            raise exception using
                errcode = 'check_violation',
                message = format(
                    'metrics: uniqueViewers of so many items over %s %s are too many to put '
                    'together: begin later, take wider buckets, or ask for fewer items',
                    cardinality(edges) - 1,
                    case cardinality(edges) when 2 then 'bucket' else 'buckets' end
                );
        end if;
        return next;
    end loop;
end;
$$;

comment on function api.unique_viewers_by(timestamptz[], jsonb, text) is
    'Unique viewers by the number of the bucket, of all items that a filter such as '
    '{"category": {"in": ["Music"]}} lets through, together or by item, category, contentType or '
    'creator. Stable.';
grant execute on function api.unique_viewers_by(timestamptz[], jsonb, text)
to groundswell_service, groundswell_read;
