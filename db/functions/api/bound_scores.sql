-- Compute the bounds of one weighted_decay ranking anew, and from where on they are kept.
-- Source: core.ranking_score, core.ranking_state. Feeds: core.ranking_score.bound,
-- core.ranking_state.floor.
-- Keeps: every bound above the floor is known. Rewrites only rows whose bound changes.
create function api.bound_scores(ranking core.ranking)
returns void
language plpgsql volatile
set jit = off
-- A score is found by where it stands, also while the planner knows of none.
set enable_seqscan = off
as $$
declare
    kept constant integer := api.bound_depth(ranking) * 5 / 4;
    new_floor double precision;
begin
    with fresh as materialized (
        select
            score.ctid as stored_at,
            score.bound as old_bound,
            api.forward_bound(
                fade.slow * api.weighted_sum(
                    state.weights, score.views, score.likes, score.comments, score.shares,
                    score.watch_minutes
                ),
                fade.fast * api.weighted_sum(
                    state.weights, score.recent_views, score.recent_likes, score.recent_comments,
                    score.recent_shares, score.recent_watch_minutes
                ),
                newest.at,
                date_part('epoch', state.half_life)
            ) as bound
        from core.ranking_state as state
        inner join core.ranking_score as score on state.score_set = score.score_set
        -- Later events count more than once in the sums, and the fast ones most.
        cross join lateral (
            select greatest(score.decayed_to, score.last_event_at) as at
            offset 0
        ) as newest
        cross join lateral (
            select
                api.decay(newest.at - score.decayed_to, state.half_life) as slow,
                api.decay(newest.at - score.decayed_to, state.recent_half_life) as fast
            offset 0
        ) as fade
        where state.ranking_id = (ranking).ranking_id
    ),

    lowest as (
        select coalesce(
            (
                select fresh.bound from fresh
                where fresh.bound > '-infinity'
                order by fresh.bound desc
                limit 1 offset kept
            ),
            '-infinity'
        ) as floor
    ),

    changed as (
        update core.ranking_score as score
        set bound = kept_bound.value
        from fresh
        cross join lowest
        cross join lateral (
            select
                case when fresh.bound >= lowest.floor then fresh.bound else '-infinity' end as value
        ) as kept_bound
        where score.ctid = fresh.stored_at and kept_bound.value <> fresh.old_bound
    )

    select lowest.floor into new_floor from lowest;
    update core.ranking_state as state
    set floor = new_floor
    where state.ranking_id = (ranking).ranking_id;
end;
$$;

comment on function api.bound_scores(core.ranking) is
    'Computes a ranking''s bounds and floor from its sums and the weights in core.ranking_state.';
