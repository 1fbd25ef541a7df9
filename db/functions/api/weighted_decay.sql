-- The top items of a weighted_decay ranking: points that fade by half every half-life, with the
-- recent ones counted a second time by a faster term.
-- Source: core.ranking_score. Feeds: api.run_ranking.
-- Keeps: exact, though it reads only the top of an index. Items come in the order of an upper bound
-- (api.forward_bound); once the last wanted score lies above the next bound, no item further down
-- can enter (the threshold algorithm; Fagin, Lotem, Naor 2003). as_of must not lie before the
-- newest scored event: for the past use api.recount_scores. Ties go to the older item.
create function api.weighted_decay(ranking core.ranking, as_of timestamptz)
returns table (item_id bigint, score double precision, components double precision [])
language plpgsql stable rows 1000
as $$
declare
    forward constant double precision := coalesce(
        date_part('epoch', as_of) / date_part('epoch', ranking.half_life), 0
    );
    depth integer := 2 * ranking.size + 100;
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
        depth := 4 * depth;
    end loop;

    return query
    select
        candidate.item_id,
        candidate.score,
        candidate.components
    from api.decayed_scores(ranking, as_of, depth) as candidate
    order by candidate.score desc, candidate.item_id
    limit ranking.size;
end;
$$;

comment on function api.weighted_decay (core.ranking, timestamptz) is
    'Best items first: item, score, and the ten weighted components that add up to it.';
grant execute on function api.weighted_decay (core.ranking, timestamptz)
to groundswell_service, groundswell_read;
