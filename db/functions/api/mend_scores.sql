-- Replace the decayed sums of one ranking that differ from a recount.
-- Source: api.drifted_scores. Feeds: core.ranking_score.
-- Keeps: only under the lock of the scoring job, after api.score_events. A row of which nothing is
-- left to recount is removed.
create function api.mend_scores(ranking core.ranking)
returns bigint
language sql volatile
set jit = off
begin atomic
with drifted as materialized (
    select found.* from api.drifted_scores(ranking) as found
),

gone as (
    delete from core.ranking_score as score
    using drifted
    where
        score.ranking_id = (drifted.score).ranking_id
        and score.item_id = (drifted.score).item_id
        and drifted.is_gone
),

mended as (
    insert into core.ranking_score as score
    select (drifted.score).*
    from drifted
    where not drifted.is_gone
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
