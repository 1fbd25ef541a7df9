-- The best items of each segment of a weighted_decay ranking.
-- Source: core.ranking_score, core.ranking_state, core.item. Feeds: api.ranked.
-- Keeps: the same as cutting up api.weighted_decay, though most items are not looked at. The items
-- with the highest bounds fill the large segments: one is full once its last wanted score lies
-- above the next bound (see api.weighted_decay_top). Where bounds are known as far down as such a
-- score, more of them are read; only the items of the segments that are not full then are looked at
-- one by one.
create function api.weighted_decay_segments(ranking core.ranking, as_of timestamptz)
returns table (
    segment text,
    rank integer,
    subject text,
    item_id bigint,
    score double precision,
    components double precision[]
)
language plpgsql stable rows 1000
-- A few thousand items, looked up each: not all of the catalogue.
set enable_hashjoin = off
set enable_mergejoin = off
as $$
declare
    forward constant double precision := coalesce(
        date_part('epoch', as_of) / date_part('epoch', ranking.half_life), 0
    );
    kept constant core.ranking_state := (
        select state from core.ranking_state as state
        where state.ranking_id = ranking.ranking_id
    );
    depth integer := greatest(5000, 20 * ranking.segment_size);
    next_bound double precision;
    lowest double precision;
    best core.listed_place [];
    full_segments text [] := '{}';
    rest bigint [] := '{}';
    kind text;
begin
    loop
        next_bound := coalesce(
            (
                select stored.bound
                from core.ranking_score as stored
                where
                    stored.score_set = kept.score_set
                    and stored.bound > '-infinity'
                order by stored.bound desc
                limit 1 offset depth
            ),
            nullif(kept.floor, '-infinity')
        );
        best := array(
            select (
                placed.segment, placed.rank, null, null, placed.item_id, placed.score,
                placed.components, null, null
            )::core.listed_place
            from (
                select
                    part.segment,
                    scored.item_id,
                    scored.score,
                    scored.components,
                    row_number() over (
                        partition by part.segment collate "C"
                        order by scored.score desc, scored.item_id
                    ) as rank
                from api.decayed_scores(ranking, as_of, depth) as scored
                inner join core.item as item on scored.item_id = item.item_id
                cross join lateral api.item_segments(item, ranking.segments) as part
            ) as placed
            where placed.rank <= ranking.segment_size
        );
        exit when next_bound is null;

        select
            coalesce(
                array_agg(filled.segment) filter (where filled.last > next_bound + 1e-6), '{}'
            ),
            min(filled.last) filter (
                where filled.last <= next_bound + 1e-6 and filled.last - 2e-6 >= kept.floor
            )
        into full_segments, lowest
        from (
            select
                placed.segment,
                ln(placed.score) / ln(2.0::float8) + forward as last
            from unnest(best) as placed
            where placed.rank = ranking.segment_size
        ) as filled;
        exit when lowest is null;

        -- The last wanted score can only be higher among more items.
        depth := (
            select count(*)
            from core.ranking_score as stored
            where
                stored.score_set = kept.score_set
                and stored.bound > '-infinity'
                and stored.bound >= lowest - 2e-6
        );
    end loop;
    if next_bound is not null then
        foreach kind in array ranking.segments loop
            execute format(
                'select $1 || array(select item.item_id from core.item where item.%I = any($2))', kind
            )
            into rest
            using rest, array(
                select known
                from api.segment_values(kind) as known
                where kind || ':' || known <> all(full_segments)
            );
        end loop;
    end if;

    -- All were read, or each that has an item is full, as is common: what was placed to see that is
    -- the answer.
    if rest = '{}' then
        return query
        select
            place.segment, place.rank, place.subject, place.item_id, place.score, place.components
        from unnest(best) as place;
        return;
    end if;

    return query
    with highest as materialized (
        select scored.* from api.decayed_scores(ranking, as_of, depth) as scored
    )

    select placed.*
    from (
        select
            part.segment,
            (
                row_number() over (
                    partition by part.segment collate "C"
                    order by scored.score desc, scored.item_id
                )
            )::integer as rank,
            null::text,
            scored.item_id,
            scored.score,
            scored.components
        from (
            select highest.*
            from highest
            union all
            select more.*
            from api.decayed_scores(ranking, as_of, only_items => rest) as more
            where more.item_id not in (select highest.item_id from highest)
        ) as scored
        inner join core.item as item on scored.item_id = item.item_id
        cross join lateral api.item_segments(item, ranking.segments) as part
    ) as placed
    where placed.rank <= ranking.segment_size;
end;
$$;

comment on function api.weighted_decay_segments(core.ranking, timestamptz) is
    'The segment_size best items of each segment of a weighted_decay ranking.';
grant execute on function api.weighted_decay_segments(core.ranking, timestamptz)
to groundswell_service, groundswell_read;
