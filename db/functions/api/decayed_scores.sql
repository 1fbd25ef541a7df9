-- Exact scores of a weighted_decay ranking: of the items with the highest bounds, of some items, or
-- of all; from the stored sums or from a recount.
-- Source: core.ranking_score, api.recount_scores, core.item_exclusion. Feeds: api.weighted_decay,
-- api.weighted_decay_top, api.weighted_decay_recount, api.weighted_decay_segments,
-- api.explain_score.
-- Keeps: leaves out items without an event in the window, items without a positive score and
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
with top as (
    select
        score.item_id,
        score.views * fade.slow as views,
        score.likes * fade.slow as likes,
        score.comments * fade.slow as comments,
        score.shares * fade.slow as shares,
        score.watch_minutes * fade.slow as watch_minutes,
        score.recent_views * fade.fast as recent_views,
        score.recent_likes * fade.fast as recent_likes,
        score.recent_comments * fade.fast as recent_comments,
        score.recent_shares * fade.fast as recent_shares,
        score.recent_watch_minutes * fade.fast as recent_watch_minutes
    from (
        (
            select deepest.*
            from core.ranking_score as deepest
            where
                deepest.ranking_id = (ranking).ranking_id
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
            each.ranking_id = (ranking).ranking_id
            and depth is null
            and only_items is null
            and not is_recounted
        union all
        select known.*
        from unnest(only_items) as wanted (item_id)
        inner join core.ranking_score as known
            on
                wanted.item_id = known.item_id
                and known.ranking_id = (ranking).ranking_id
        union all
        select recount.*
        from api.recount_scores(ranking) as recount
        where is_recounted
    ) as score
    cross join lateral (
        select
            api.decay(decayed_scores.as_of - score.decayed_to, (ranking).half_life) as slow,
            api.decay(decayed_scores.as_of - score.decayed_to, (ranking).recent_half_life) as fast
        offset 0 -- evaluated once a row, not once a use
    ) as fade
    where
        score.last_event_at
        -- Asked once: it is not inlined, and there may be many rows.
        > (select api.window_start((ranking)."window", decayed_scores.as_of))
        and score.item_id not in (
            select excluded.item_id
            from core.item_exclusion as excluded
            where excluded.lifted_at is null
        )
    offset 0 -- each faded sum is used twice below
),

scored as (
    select
        top.item_id,
        api.weighted_sum(
            weight.list,
            top.views + top.recent_views,
            top.likes + top.recent_likes,
            top.comments + top.recent_comments,
            top.shares + top.recent_shares,
            top.watch_minutes + top.recent_watch_minutes
        ) as score,
        array[
            weight.list[1] * top.views,
            weight.list[2] * top.likes,
            weight.list[3] * top.comments,
            weight.list[4] * top.shares,
            weight.list[5] * top.watch_minutes,
            weight.list[1] * top.recent_views,
            weight.list[2] * top.recent_likes,
            weight.list[3] * top.recent_comments,
            weight.list[4] * top.recent_shares,
            weight.list[5] * top.recent_watch_minutes
        ] as components
    from top
    cross join (select api.ranking_weights(ranking) as list offset 0) as weight
    offset 0
)

select
    scored.item_id,
    scored.score,
    scored.components
from scored
where scored.score > 0;
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
