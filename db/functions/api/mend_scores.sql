-- Add what is missing in decayed sums.
-- Source: api.drifted_scores. Feeds: core.ranking_score.
-- Keeps: only under the lock of the scoring job. What was added since the look stays; a row of
-- which nothing is left to recount is removed, unless something has come since. Where the newest
-- event is gone and others have come since, it is not known which is the newest: that takes another
-- look.
create function api.mend_scores(ranking core.ranking, drifts core.score_drift[])
returns bigint
language plpgsql volatile
set jit = off
as $$
declare
    unsure bigint;
begin
    with found as materialized (
        select
            drift.is_gone and is_unchanged as is_gone,
            (drift.correction).*,
            not is_unchanged
            and (drift.correction).last_event_at < (drift.stored).last_event_at as is_unsure,
            fade.*,
            now.decayed_to as now_decayed_to,
            now.views as now_views,
            now.likes as now_likes,
            now.comments as now_comments,
            now.shares as now_shares,
            now.watch_minutes as now_watch_minutes,
            now.recent_views as now_recent_views,
            now.recent_likes as now_recent_likes,
            now.recent_comments as now_recent_comments,
            now.recent_shares as now_recent_shares,
            now.recent_watch_minutes as now_recent_watch_minutes,
            case
                when is_unchanged then (drift.correction).last_event_at
                else greatest((drift.correction).last_event_at, now.last_event_at)
            end as newest_event_at
        from unnest(drifts) as drift
        left join core.ranking_score as now
            on
                (drift.correction).score_set = now.score_set
                and (drift.correction).item_id = now.item_id
        cross join lateral (
            select
                (
                    now.decayed_to, now.last_event_at, now.views, now.likes, now.comments,
                    now.shares, now.watch_minutes
                )
                is not distinct from
                (
                    (drift.stored).decayed_to, (drift.stored).last_event_at, (drift.stored).views,
                    (drift.stored).likes, (drift.stored).comments, (drift.stored).shares,
                    (drift.stored).watch_minutes
                ) as is_unchanged,
                (drift.correction).decayed_to as looked_at,
                greatest(now.decayed_to, (drift.correction).decayed_to) as moment
        ) as since
        cross join lateral (
            select
                since.moment,
                api.decay(since.moment - now.decayed_to, (ranking).half_life) as now_slow,
                api.decay(since.moment - now.decayed_to, (ranking).recent_half_life) as now_fast,
                api.decay(since.moment - since.looked_at, (ranking).half_life) as slow,
                api.decay(since.moment - since.looked_at, (ranking).recent_half_life) as fast
            offset 0
        ) as fade
    ),

    gone as (
        delete from core.ranking_score as score
        using found
        where
            score.score_set = found.score_set
            and score.item_id = found.item_id
            and found.is_gone
    ),

    mended as (
        insert into core.ranking_score as score (
            score_set, item_id, decayed_to, last_event_at,
            views, likes, comments, shares, watch_minutes,
            recent_views, recent_likes, recent_comments, recent_shares, recent_watch_minutes,
            bound
        )
        select
            found.score_set,
            found.item_id,
            found.moment,
            found.newest_event_at,
            found.views * found.slow + coalesce(found.now_views * found.now_slow, 0),
            found.likes * found.slow + coalesce(found.now_likes * found.now_slow, 0),
            found.comments * found.slow + coalesce(found.now_comments * found.now_slow, 0),
            found.shares * found.slow + coalesce(found.now_shares * found.now_slow, 0),
            found.watch_minutes * found.slow
            + coalesce(found.now_watch_minutes * found.now_slow, 0),
            found.recent_views * found.fast + coalesce(found.now_recent_views * found.now_fast, 0),
            found.recent_likes * found.fast + coalesce(found.now_recent_likes * found.now_fast, 0),
            found.recent_comments * found.fast
            + coalesce(found.now_recent_comments * found.now_fast, 0),
            found.recent_shares * found.fast
            + coalesce(found.now_recent_shares * found.now_fast, 0),
            found.recent_watch_minutes * found.fast
            + coalesce(found.now_recent_watch_minutes * found.now_fast, 0),
            '-infinity'
        from found
        where not found.is_gone
        on conflict on constraint ranking_score_one_per_item do update set
            decayed_to = excluded.decayed_to,
            last_event_at = excluded.last_event_at,
            views = api.without_dust(excluded.views),
            likes = api.without_dust(excluded.likes),
            comments = api.without_dust(excluded.comments),
            shares = api.without_dust(excluded.shares),
            watch_minutes = api.without_dust(excluded.watch_minutes),
            recent_views = api.without_dust(excluded.recent_views),
            recent_likes = api.without_dust(excluded.recent_likes),
            recent_comments = api.without_dust(excluded.recent_comments),
            recent_shares = api.without_dust(excluded.recent_shares),
            recent_watch_minutes = api.without_dust(excluded.recent_watch_minutes),
            bound = excluded.bound
    )

    select count(*) filter (where found.is_unsure) into unsure from found;
    perform api.bound_scores(ranking);
    return unsure;
end;
$$;

comment on function api.mend_scores(core.ranking, core.score_drift[]) is
    'Corrects some sums of a ranking, and computes its bounds anew; answers how many need another '
    'look.';
