-- The best items of a weighted_decay ranking, read from the top of an index.
-- Source: core.ranking_score. Feeds: api.ranked.
-- Keeps: the same as the best of api.weighted_decay, though most items are not looked at. Items
-- come in the order of an upper bound (api.forward_bound); once the last wanted score lies above
-- the next bound, no item further down can enter (the threshold algorithm; Fagin, Lotem, Naor
-- 2003). as_of must not lie before the newest scored event.
create function api.weighted_decay_top(ranking core.ranking, as_of timestamptz)
returns table (
    subject text, item_id bigint, score double precision, components double precision[]
)
language plpgsql stable rows 1000
as $$
declare
    forward constant double precision := coalesce(
        date_part('epoch', as_of) / date_part('epoch', ranking.half_life), 0
    );
    depth integer := ranking.size + ranking.size / 2 + 100;
    next_bound double precision;
    last_score double precision;
begin
    loop
        next_bound := (
            select stored.bound
            from core.ranking_score as stored
            where stored.ranking_id = ranking.ranking_id and stored.bound > '-infinity'
            order by stored.bound desc
            limit 1 offset depth
        );
        exit when next_bound is null;

        last_score := (
            select candidate.score
            from api.decayed_scores(ranking, as_of, depth) as candidate
            order by candidate.score desc
            limit 1 offset ranking.size - 1
        );
        -- A bound carries about nine digits behind the point, hence the margin.
        exit when ln(last_score) / ln(2.0::float8) + forward > next_bound + 1e-6;
        depth := 3 * depth;
    end loop;

    return query
    select
        null::text,
        candidate.item_id,
        candidate.score,
        candidate.components
    from api.decayed_scores(ranking, as_of, depth) as candidate
    order by candidate.score desc, candidate.item_id
    limit ranking.size;
end;
$$;

comment on function api.weighted_decay_top(core.ranking, timestamptz) is
    'The ranking''s size best items of api.weighted_decay, best first.';
grant execute on function api.weighted_decay_top(core.ranking, timestamptz)
to groundswell_service, groundswell_read;
