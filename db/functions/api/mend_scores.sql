-- Replace the decayed sums of one ranking that differ from a recount.
-- Source: api.recount_scores. Feeds: core.ranking_score.
-- Keeps: differences below a billionth of the item's counts are float error and left alone; so are
-- those below a tenth where some events are known only by the day. A row of which nothing is left
-- to recount is removed.
create function api.mend_scores(ranking core.ranking)
returns bigint
language sql volatile
set jit = off
begin atomic
with recount as materialized (
    select counted.* from api.recount_scores(ranking) as counted
),

-- Items with events before raw ones begin.
old as materialized (
    select distinct day.item_id
    from agg.engagement_1d as day
    where day.bucket < (select api.raw_since())
),

compared as (
    select
        coalesce(recount.item_id, stored.item_id) as item_id,
        recount.item_id is null as is_gone,
        api.weighted_sum(
            array[1, 1, 1, 1, 1], abs(recount.views), abs(recount.likes), abs(recount.comments),
            abs(recount.shares), abs(recount.watch_minutes)
        ) as size,
        api.weighted_sum(
            array[1, 1, 1, 1, 1],
            abs(recount.views - stored.views * fade.slow),
            abs(recount.likes - stored.likes * fade.slow),
            abs(recount.comments - stored.comments * fade.slow),
            abs(recount.shares - stored.shares * fade.slow),
            abs(recount.watch_minutes - stored.watch_minutes * fade.slow)
        ) + api.weighted_sum(
            array[1, 1, 1, 1, 1],
            abs(recount.recent_views - stored.recent_views * fade.fast),
            abs(recount.recent_likes - stored.recent_likes * fade.fast),
            abs(recount.recent_comments - stored.recent_comments * fade.fast),
            abs(recount.recent_shares - stored.recent_shares * fade.fast),
            abs(recount.recent_watch_minutes - stored.recent_watch_minutes * fade.fast)
        ) as difference,
        recount.last_event_at <> stored.last_event_at
        and recount.last_event_at >= (select api.raw_since()) as is_elsewhen,
        case when old.item_id is null then 1e-9 else 0.1 end as tolerance
    from recount
    full join (
        select score.* from core.ranking_score as score
        where score.ranking_id = (ranking).ranking_id
    ) as stored
        on recount.item_id = stored.item_id
    left join old on recount.item_id = old.item_id
    cross join lateral (
        select
            api.decay(recount.decayed_to - stored.decayed_to, (ranking).half_life) as slow,
            api.decay(recount.decayed_to - stored.decayed_to, (ranking).recent_half_life) as fast
        offset 0
    ) as fade
),

drifted as (
    select
        compared.item_id,
        compared.is_gone
    from compared
    where
        compared.is_elsewhen
        or compared.difference is null
        or compared.difference > compared.tolerance * (compared.size + 1)
),

gone as (
    delete from core.ranking_score as score
    using drifted
    where
        score.ranking_id = (ranking).ranking_id
        and score.item_id = drifted.item_id
        and drifted.is_gone
),

mended as (
    insert into core.ranking_score as score
    select recount.*
    from recount
    inner join drifted on recount.item_id = drifted.item_id
    on conflict on constraint ranking_score_one_per_item do update set
        decayed_to = excluded.decayed_to,
        last_event_at = excluded.last_event_at,
        views = excluded.views,
        likes = excluded.likes,
        comments = excluded.comments,
        shares = excluded.shares,
        watch_minutes = excluded.watch_minutes,
        recent_views = excluded.recent_views,
        recent_likes = excluded.recent_likes,
        recent_comments = excluded.recent_comments,
        recent_shares = excluded.recent_shares,
        recent_watch_minutes = excluded.recent_watch_minutes,
        bound = excluded.bound
)

select count(*) from drifted;
end;

comment on function api.mend_scores(core.ranking) is
    'Replaces the sums of a ranking that differ from a recount; answers how many did.';
