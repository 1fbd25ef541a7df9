-- The decayed sums of one ranking that differ from a recount.
-- Source: api.recount_scores, core.ranking_score, core.score_feed. Feeds: api.reconcile_one.
-- Keeps: all of one snapshot, in which what waits in the feed is in the recount and not in the
-- sums: it is taken off. A sum is linear in its events, so what is missing in it now is missing at
-- any later moment, whatever has been added since. Differences below a billionth of the item's
-- counts are float error and left alone; so are those below a tenth where some events are known
-- only by the minute or day. Where its newest event waits, the one before it is not known, and not
-- asked for.
create function api.drifted_scores(ranking core.ranking)
returns setof core.score_drift
language sql stable
set jit = off
begin atomic
with old as materialized (
    select distinct gone.item_id from api.dropped_counts() as gone
),

waiting as materialized (
    select max(feed.occurred_at) as newest from core.score_feed as feed
),

fed as materialized (
    select
        feed.item_id,
        waiting.newest as decayed_to,
        max(feed.occurred_at) filter (where one.gives) as last_event_at,
        sum(one.views * fade.slow) as views,
        sum(one.likes * fade.slow) as likes,
        sum(one.comments * fade.slow) as comments,
        sum(one.shares * fade.slow) as shares,
        sum(one.watch_seconds / 60 * fade.slow) as watch_minutes,
        sum(one.views * fade.fast) as recent_views,
        sum(one.likes * fade.fast) as recent_likes,
        sum(one.comments * fade.fast) as recent_comments,
        sum(one.shares * fade.fast) as recent_shares,
        sum(one.watch_seconds / 60 * fade.fast) as recent_watch_minutes
    from core.score_feed as feed
    cross join waiting
    cross join lateral api.event_counts(feed.event_type, feed.count, feed.seconds) as one
    cross join lateral (
        select
            api.decay(waiting.newest - feed.occurred_at, (ranking).half_life) as slow,
            case
                when (ranking).recent_half_life is null then 0
                else api.decay(waiting.newest - feed.occurred_at, (ranking).recent_half_life)
            end as fast
        offset 0
    ) as fade
    where
        (ranking).content_type is null
        or exists (
            select 1
            from core.item
            where
                item.item_id = feed.item_id
                and item.content_type = (ranking).content_type
        )
    group by feed.item_id, waiting.newest
),

in_use as materialized (
    select state.score_set from core.ranking_state as state
    where state.ranking_id = (ranking).ranking_id
),

compared as (
    select
        recount.item_id is null and fed.item_id is null as is_gone,
        stored::core.ranking_score as stored,
        (
            (select in_use.score_set from in_use),
            coalesce(recount.item_id, stored.item_id),
            moment.at,
            '-infinity',
            coalesce(recount.last_event_at, '-infinity'),
            correction.views, correction.recent_views, correction.likes, correction.recent_likes,
            correction.comments, correction.recent_comments, correction.shares,
            correction.recent_shares, correction.watch_minutes, correction.recent_watch_minutes
        )::core.ranking_score as correction,
        api.weighted_sum(
            array[1, 1, 1, 1, 1], abs(recount.views), abs(recount.likes), abs(recount.comments),
            abs(recount.shares), abs(recount.watch_minutes)
        ) as size,
        api.weighted_sum(
            array[1, 1, 1, 1, 1], abs(correction.views), abs(correction.likes),
            abs(correction.comments), abs(correction.shares), abs(correction.watch_minutes)
        ) + api.weighted_sum(
            array[1, 1, 1, 1, 1], abs(correction.recent_views), abs(correction.recent_likes),
            abs(correction.recent_comments), abs(correction.recent_shares),
            abs(correction.recent_watch_minutes)
        ) as difference,
        case when old.item_id is null then 1e-9 else 0.1 end as tolerance,
        recount.last_event_at <> stored.last_event_at
        and recount.last_event_at >= (select api.raw_since())
        and recount.last_event_at > coalesce(fed.last_event_at, '-infinity') as is_newest_wrong,
        (recount.item_id is null or stored.item_id is null) and fed.item_id is null as is_alone
    from api.recount_scores(ranking) as recount
    full join (
        select score.* from core.ranking_score as score
        where score.score_set = (select in_use.score_set from in_use)
    ) as stored
        on recount.item_id = stored.item_id
    left join old on recount.item_id = old.item_id
    left join fed on coalesce(recount.item_id, stored.item_id) = fed.item_id
    cross join lateral (
        select coalesce(recount.decayed_to, stored.decayed_to) as at
    ) as moment
    cross join lateral (
        select
            api.decay(moment.at - stored.decayed_to, (ranking).half_life) as slow,
            api.decay(moment.at - stored.decayed_to, (ranking).recent_half_life) as fast,
            api.decay(moment.at - fed.decayed_to, (ranking).half_life) as fed_slow,
            api.decay(moment.at - fed.decayed_to, (ranking).recent_half_life) as fed_fast
        offset 0
    ) as fade
    cross join lateral (
        select
            coalesce(recount.views, 0) - coalesce(stored.views * fade.slow, 0)
            - coalesce(fed.views * fade.fed_slow, 0) as views,
            coalesce(recount.likes, 0) - coalesce(stored.likes * fade.slow, 0)
            - coalesce(fed.likes * fade.fed_slow, 0) as likes,
            coalesce(recount.comments, 0) - coalesce(stored.comments * fade.slow, 0)
            - coalesce(fed.comments * fade.fed_slow, 0) as comments,
            coalesce(recount.shares, 0) - coalesce(stored.shares * fade.slow, 0)
            - coalesce(fed.shares * fade.fed_slow, 0) as shares,
            coalesce(recount.watch_minutes, 0) - coalesce(stored.watch_minutes * fade.slow, 0)
            - coalesce(fed.watch_minutes * fade.fed_slow, 0) as watch_minutes,
            coalesce(recount.recent_views, 0) - coalesce(stored.recent_views * fade.fast, 0)
            - coalesce(fed.recent_views * fade.fed_fast, 0) as recent_views,
            coalesce(recount.recent_likes, 0) - coalesce(stored.recent_likes * fade.fast, 0)
            - coalesce(fed.recent_likes * fade.fed_fast, 0) as recent_likes,
            coalesce(recount.recent_comments, 0) - coalesce(stored.recent_comments * fade.fast, 0)
            - coalesce(fed.recent_comments * fade.fed_fast, 0) as recent_comments,
            coalesce(recount.recent_shares, 0) - coalesce(stored.recent_shares * fade.fast, 0)
            - coalesce(fed.recent_shares * fade.fed_fast, 0) as recent_shares,
            coalesce(recount.recent_watch_minutes, 0)
            - coalesce(stored.recent_watch_minutes * fade.fast, 0)
            - coalesce(fed.recent_watch_minutes * fade.fed_fast, 0) as recent_watch_minutes
        offset 0
    ) as correction
)

select
    compared.is_gone,
    compared.stored,
    compared.correction
from compared
where
    compared.is_alone
    or compared.is_newest_wrong
    or compared.difference > compared.tolerance * (coalesce(compared.size, 0) + 1);
end;

comment on function api.drifted_scores(core.ranking) is
    'What must be added to the sums that differ, or those of which nothing is left.';
