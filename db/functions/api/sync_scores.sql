-- Bring the decayed sums in line with what core.ranking says now.
-- Source: core.ranking, api.recount_scores. Feeds: core.ranking_state, core.ranking_score.
-- Keeps: only api.score_events may call it, after api.add_to_scores and in the same snapshot: a
-- recount holds all committed events, those in the feed among them.
create function api.sync_scores()
returns integer
language plpgsql volatile
as $$
declare
    changed core.ranking;
    recounted integer := 0;
begin
    -- Of rankings that keep no sums (any more), nothing is left behind.
    for changed in
        update core.ranking_state as state
        set weights = null
        from core.ranking as ranking
        where
            state.ranking_id = ranking.ranking_id
            and state.weights is not null
            and not (ranking.enabled and ranking.formula = 'weighted_decay')
        returning ranking.*
    loop
        delete from core.ranking_score as score where score.ranking_id = changed.ranking_id;
    end loop;

    for changed in
        select ranking.*
        from core.ranking as ranking
        left join core.ranking_state as state on ranking.ranking_id = state.ranking_id
        where
            ranking.enabled
            and ranking.formula = 'weighted_decay'
            and (
                state.weights is null
                or (state.half_life, state.recent_half_life, state.content_type)
                is distinct from
                (ranking.half_life, ranking.recent_half_life, ranking.content_type)
            )
    loop
        delete from core.ranking_score as score where score.ranking_id = changed.ranking_id;
        insert into core.ranking_score
        select recount.* from api.recount_scores(changed) as recount;
        insert into core.ranking_state as state
        (ranking_id, checked_at, half_life, recent_half_life, content_type, weights)
        values (
            changed.ranking_id, '-infinity', changed.half_life, changed.recent_half_life,
            changed.content_type, api.ranking_weights(changed)
        )
        on conflict (ranking_id) do update set
            half_life = excluded.half_life,
            recent_half_life = excluded.recent_half_life,
            content_type = excluded.content_type,
            weights = excluded.weights,
            floor = excluded.floor;
        recounted := recounted + 1;
    end loop;

    -- New weights change no sum, only the bounds.
    for changed in
        update core.ranking_state as state
        set weights = api.ranking_weights(ranking), floor = '-infinity'
        from core.ranking as ranking
        where
            ranking.ranking_id = state.ranking_id
            and state.weights <> api.ranking_weights(ranking)
        returning ranking.*
    loop
        perform api.bound_scores(changed);
    end loop;

    return recounted;
end;
$$;

comment on function api.sync_scores() is
    'Recounts rankings that are new or whose half-lives or content type changed, recomputes the '
    'bounds of those whose weights changed; answers how many were recounted.';
