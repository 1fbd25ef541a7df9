-- Compute all bounds of one weighted_decay ranking from its sums.
-- Source: core.ranking_score. Feeds: core.ranking_score.bound.
-- Keeps: only api.sync_scores and api.raise_floors may call it, and take the floor away with it.
create function api.bound_scores(ranking core.ranking)
returns void
language sql volatile
set jit = off
begin atomic
update core.ranking_score as score
set bound = api.forward_bound(
    api.weighted_sum(
        weight.list, score.views, score.likes, score.comments, score.shares, score.watch_minutes
    ),
    api.weighted_sum(
        weight.list, score.recent_views, score.recent_likes, score.recent_comments,
        score.recent_shares, score.recent_watch_minutes
    ),
    score.decayed_to,
    date_part('epoch', (ranking).half_life)
)
from (select api.ranking_weights(ranking) as list) as weight
where score.ranking_id = (ranking).ranking_id;
end;

comment on function api.bound_scores(core.ranking) is
    'Computes the bounds of all items of a ranking, whatever its floor.';
