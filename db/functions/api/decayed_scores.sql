-- Exact scores of a weighted_decay ranking: of the items with the highest bounds, of some items, or
-- of all; from the stored sums or from a recount.
-- Source: core.ranking_score, core.ranking_state, api.recount_scores, api.exclusion_in_force.
-- Feeds: api.weighted_decay, api.weighted_decay_top, api.weighted_decay_recount,
-- api.weighted_decay_segments, api.explain_score.
-- Keeps: leaves out items without an event in the window, items without a positive score (what
-- float error leaves of one that was all taken back, beside its newest event, is none) and
-- excluded ones. An excluded item still is one of the depth: what is not among them lies below the
-- next bound all the same.
create function api.decayed_scores(
    ranking core.ranking,
    as_of timestamptz,
    depth integer default null,
    only_items bigint[] default null,
    is_recounted boolean default false
)
returns table (item_id bigint, score double precision, components double precision[])
language sql stable rows 1000
begin atomic
-- The outermost query is not behind a fence (as a common table expression would be), so that the
-- planner computes components only of what a caller's limit leaves.
select
    scored.item_id,
    scored.score,
    array[
        scored.weights[1] * scored.slow * scored.views,
        scored.weights[2] * scored.slow * greatest(scored.likes, 0),
        scored.weights[3] * scored.slow * greatest(scored.comments, 0),
        scored.weights[4] * scored.slow * scored.shares,
        scored.weights[5] * scored.slow * scored.watch_minutes,
        scored.weights[1] * scored.fast * scored.recent_views,
        scored.weights[2] * scored.fast * greatest(scored.recent_likes, 0),
        scored.weights[3] * scored.fast * greatest(scored.recent_comments, 0),
        scored.weights[4] * scored.fast * scored.recent_shares,
        scored.weights[5] * scored.fast * scored.recent_watch_minutes
    ]
from (
    select
        stored.*,
        fade.slow,
        fade.fast,
        setting.weights,
        fade.slow * api.weighted_sum(
            setting.weights, stored.views, stored.likes, stored.comments, stored.shares,
            stored.watch_minutes
        )
        + fade.fast * api.weighted_sum(
            setting.weights, stored.recent_views, stored.recent_likes, stored.recent_comments,
            stored.recent_shares, stored.recent_watch_minutes
        ) as score,
        setting.least_weight,
        api.decay_factor(
            date_part('epoch', decayed_scores.as_of - stored.last_event_at), setting.half_life
        ) as of_newest
    from (
        (
            select deepest.*
            from core.ranking_score as deepest
            where
                deepest.score_set = (
                    select state.score_set from core.ranking_state as state
                    where state.ranking_id = (ranking).ranking_id
                )
                and deepest.bound > '-infinity'
                and depth is not null
                and only_items is null
                and not is_recounted
            order by deepest.bound desc
            limit depth
        )
        union all
        select each.*
        from core.ranking_score as each
        where
            each.score_set = (
                select state.score_set from core.ranking_state as state
                where state.ranking_id = (ranking).ranking_id
            )
            and depth is null
            and only_items is null
            and not is_recounted
        union all
        select known.*
        from unnest(only_items) as wanted (item_id)
        inner join core.ranking_score as known
            on
                wanted.item_id = known.item_id
                and known.score_set = (
                    select state.score_set from core.ranking_state as state
                    where state.ranking_id = (ranking).ranking_id
                )
        union all
        select recount.*
        from api.recount_scores(ranking) as recount
        where is_recounted
    ) as stored
    cross join (
        select
            api.ranking_weights(ranking) as weights,
            (
                select min(each.weight)
                from unnest(api.ranking_weights(ranking)) as each (weight)
                where each.weight > 0
            ) as least_weight,
            date_part('epoch', (ranking).half_life) as half_life,
            date_part('epoch', (ranking).recent_half_life) as recent_half_life,
            api.window_start((ranking)."window", decayed_scores.as_of) as since
        offset 0 -- evaluated once
    ) as setting
    cross join lateral (
        select date_part('epoch', decayed_scores.as_of - stored.decayed_to) as seconds
        offset 0 -- evaluated once a row, not once a use
    ) as age
    cross join lateral (
        select
            api.decay_factor(age.seconds, setting.half_life) as slow,
            api.decay_factor(age.seconds, setting.recent_half_life) as fast
        offset 0
    ) as fade
    where
        stored.last_event_at > setting.since
        and stored.item_id not in (
            select excluded.item_id from api.exclusion_in_force as excluded
        )
    offset 0
) as scored
-- What is cancelled leaves some 1e-16 of all that there was.
where scored.score > 1e-7 * scored.least_weight * scored.of_newest;
end;

comment on function api.decayed_scores(
    core.ranking, timestamptz, integer, bigint[], boolean
) is
    'Exact scores at as_of, in no order: of the depth items with the highest bounds, of '
    'only_items, or of all where both are null; excluded items have none.';
grant execute on function api.decayed_scores(
    core.ranking, timestamptz, integer, bigint[], boolean
)
to groundswell_service, groundswell_read;
