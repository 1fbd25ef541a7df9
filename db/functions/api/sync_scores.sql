-- Bring the settings that the decayed sums are kept with in line with what core.ranking says now.
-- Source: core.ranking. Feeds: core.ranking_state, core.recount.
-- Keeps: only api.score_events may call it, before it scores anything. Where half-lives, content
-- type or discount change, nothing does but that a recount begins; where nothing was ever scored,
-- all there is to count is in the feed.
create function api.sync_scores()
returns void
language plpgsql volatile
as $$
declare
    changed core.ranking;
    is_first constant boolean := not exists (select from core.window_position);
begin
    -- Of rankings that keep no sums (any more), nothing is left behind (api.drop_old_scores).
    update core.ranking_state as state
    set weights = null, score_set = null
    from core.ranking as ranking
    where
        state.ranking_id = ranking.ranking_id
        and state.weights is not null
        and not (ranking.enabled and ranking.formula = 'weighted_decay');

    delete from core.recount as recount
    using core.ranking as ranking
    left join core.ranking_state as state
        on ranking.ranking_id = state.ranking_id and state.weights is not null
    where
        recount.ranking_id = ranking.ranking_id
        and (
            not (ranking.enabled and ranking.formula = 'weighted_decay')
            or (
                recount.half_life, recount.recent_half_life, recount.content_type,
                recount.discount
            )
            is distinct from
            (
                ranking.half_life, ranking.recent_half_life, ranking.content_type,
                api.ranking_discount(ranking)
            )
            or (
                state.ranking_id is not null
                and (
                    state.half_life, state.recent_half_life, state.content_type, state.discount
                )
                is not distinct from
                (
                    ranking.half_life, ranking.recent_half_life, ranking.content_type,
                    api.ranking_discount(ranking)
                )
            )
        );

    insert into core.recount
    (ranking_id, score_set, half_life, recent_half_life, content_type, discount, counted_after)
    select
        ranking.ranking_id,
        nextval('core.score_set'),
        ranking.half_life,
        ranking.recent_half_life,
        ranking.content_type,
        api.ranking_discount(ranking),
        case when is_first then '-infinity' else 'infinity' end::timestamptz
    from core.ranking as ranking
    left join core.ranking_state as state on ranking.ranking_id = state.ranking_id
    where
        ranking.enabled
        and ranking.formula = 'weighted_decay'
        and (
            state.weights is null
            or (state.half_life, state.recent_half_life, state.content_type, state.discount)
            is distinct from
            (
                ranking.half_life, ranking.recent_half_life, ranking.content_type,
                api.ranking_discount(ranking)
            )
        )
    on conflict (ranking_id) do nothing;
    if is_first then
        perform api.finish_recounts();
        -- Bounds come with the first events, api.raise_floors.
        update core.ranking_state as state set floor = 'infinity' where state.weights is not null;
    end if;

    -- New weights change no sum, only the bounds.
    for changed in
        update core.ranking_state as state
        set weights = api.ranking_weights(ranking)
        from core.ranking as ranking
        where
            ranking.ranking_id = state.ranking_id
            and state.weights <> api.ranking_weights(ranking)
        returning ranking.*
    loop
        perform api.bound_scores(changed);
    end loop;
end;
$$;

comment on function api.sync_scores() is
    'Begins to recount rankings that are new or whose half-lives, content type or discount '
    'changed, and '
    'recomputes the bounds of those whose weights changed.';
