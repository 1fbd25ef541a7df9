-- The decayed sums of one ranking that differ from a recount.
-- Source: api.recount_scores, core.ranking_score. Feeds: api.mend_scores, api.reconcile.
-- Keeps: differences below a billionth of the item's counts are float error and left alone; so are
-- those below a tenth where some events are known only by the minute or day. What waits in
-- core.score_feed is not in the stored sums, but in the recount: items that it names are left out.
create function api.drifted_scores(ranking core.ranking)
returns table (is_gone boolean, score core.ranking_score)
language sql stable
set jit = off
begin atomic
with old as materialized (
    select distinct gone.item_id from api.dropped_counts() as gone
)

select
    recount.item_id is null,
    case when recount.item_id is null then stored::core.ranking_score else recount end
from api.recount_scores(ranking) as recount
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
cross join lateral (
    select
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
        case when old.item_id is null then 1e-9 else 0.1 end as tolerance
) as compared
where
    coalesce(recount.item_id, stored.item_id) not in (
        select feed.item_id from core.score_feed as feed
    )
    and (
        (
            recount.last_event_at <> stored.last_event_at
            and recount.last_event_at >= (select api.raw_since())
        )
        or compared.difference is null
        or compared.difference > compared.tolerance * (compared.size + 1)
    );
end;

comment on function api.drifted_scores(core.ranking) is
    'What the sums that differ should be, or those of which nothing is left.';
