-- Raise the floor of each weighted_decay ranking, below which bounds are not kept.
-- Source: core.ranking, core.ranking_score. Feeds: core.ranking_state.floor.
-- Keeps: every bound above the floor is known. Without unlikes bounds only grow, so what is above
-- it stays there. Should so much be undone that too little is left, the bounds are computed anew;
-- until then readers look at everything (api.weighted_decay_top). Only api.score_events may call
-- it.
create function api.raise_floors()
returns void
language plpgsql volatile
set jit = off
as $$
declare
    scored core.ranking;
    depth bigint;
    of_set integer;
    old double precision;
    low double precision;
    high double precision;
begin
    for scored in
        select ranking.*
        from core.ranking_state as state
        inner join core.ranking as ranking on state.ranking_id = ranking.ranking_id
        where state.weights is not null
    loop
        depth := api.bound_depth(scored);
        select
            state.score_set,
            state.floor
        into of_set, old
        from core.ranking_state as state
        where state.ranking_id = scored.ranking_id;
        if old = 'infinity' then
            perform api.bound_scores(scored);
            continue;
        end if;
        low := (
            select stored.bound
            from core.ranking_score as stored
            where stored.score_set = of_set and stored.bound > '-infinity'
            order by stored.bound desc
            limit 1 offset depth
        );
        high := (
            select stored.bound
            from core.ranking_score as stored
            where stored.score_set = of_set and stored.bound > '-infinity'
            order by stored.bound desc
            limit 1 offset depth + depth / 4
        );
        if high > old then
            update core.ranking_state as state
            set floor = high
            where state.ranking_id = scored.ranking_id;
            if old = '-infinity' then
                update core.ranking_score as stored
                set bound = '-infinity'
                where
                    stored.score_set = of_set
                    and stored.bound < high
                    and stored.bound > '-infinity';
            end if;
        elsif low is null and old > '-infinity' then
            perform api.bound_scores(scored);
        end if;
    end loop;
end;
$$;

comment on function api.raise_floors() is
    'Brings the floor of each weighted_decay ranking to where a quarter more than is read lies '
    'above it.';
