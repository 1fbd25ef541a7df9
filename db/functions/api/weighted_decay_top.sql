-- The best items of a weighted_decay ranking, read from the top of an index.
-- Source: core.ranking_score, core.ranking_state. Feeds: api.ranked.
-- Keeps: the same as the best of api.weighted_decay, though most items are not looked at. Items
-- come in the order of an upper bound (api.forward_bound); once the last wanted score lies above
-- the next bound, no item further down can enter (the threshold algorithm; Fagin, Lotem, Naor
-- 2003). Where it does not, it says how far down to look. as_of must not lie before the newest
-- scored event.
create function api.weighted_decay_top(ranking core.ranking, as_of timestamptz)
returns table (
    subject text, item_id bigint, score double precision, components double precision[]
)
language plpgsql stable rows 1000
-- One plan is right for every ranking, and planning takes as long as reading a thousand items.
set plan_cache_mode = force_generic_plan
as $$
declare
    forward constant double precision := coalesce(
        date_part('epoch', as_of) / date_part('epoch', ranking.half_life), 0
    );
    kept constant core.ranking_state := (
        select state from core.ranking_state as state
        where state.ranking_id = ranking.ranking_id
    );
    depth integer := ranking.size + ranking.size / 2 + 50;
    next_bound double precision;
    last_bound double precision;
begin
    loop
        -- With no depth all are read, and no bound is next.
        next_bound := coalesce(
            case
                when depth is not null then coalesce(
                    (
                        select stored.bound
                        from core.ranking_score as stored
                        where
                            stored.score_set = kept.score_set
                            and stored.bound > '-infinity'
                        order by stored.bound desc
                        limit 1 offset depth
                    ),
                    kept.floor
                )
            end,
            '-infinity'
        );

        return query
        with best as (
            select
                candidate.item_id,
                candidate.score,
                candidate.components
            from api.decayed_scores(ranking, as_of, depth) as candidate
            order by candidate.score desc, candidate.item_id
            limit ranking.size
        )

        select
            null::text,
            best.item_id,
            best.score,
            best.components
        from best
        where
            next_bound = '-infinity'
            or (
                -- A bound carries about nine digits behind the point, hence the margin.
                select
                    count(*) = ranking.size
                    and ln(min(last.score)) / ln(2.0::float8) + forward > next_bound + 1e-6
                from best as last
            );

        exit when found or next_bound = '-infinity';
        -- The last wanted score can only be higher among more items.
        last_bound := (
            select ln(candidate.score) / ln(2.0::float8) + forward - 2e-6
            from api.decayed_scores(ranking, as_of, depth) as candidate
            order by candidate.score desc
            limit 1 offset ranking.size - 1
        );
        depth := case
            -- What lies below the floor may be wanted, and its bounds are not known: all items.
            when last_bound >= kept.floor then (
                select count(*)
                from core.ranking_score as stored
                where
                    stored.score_set = kept.score_set
                    and stored.bound > '-infinity'
                    and stored.bound >= last_bound
            )
        end;
    end loop;
end;
$$;

comment on function api.weighted_decay_top(core.ranking, timestamptz) is
    'The ranking''s size best items of api.weighted_decay, in no order.';
grant execute on function api.weighted_decay_top(core.ranking, timestamptz)
to groundswell_service, groundswell_read;
