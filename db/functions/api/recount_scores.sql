-- The state of a weighted_decay ranking recounted from all events: what the incremental state must
-- equal at any time.
-- Source: core.event inside its retention, agg.engagement_1d before it (counted at noon).
-- Feeds: api.sync_ranking_state, the reconciling job, tests.
-- Keeps: an event counts at occurred_at, or at received_at where that is earlier.
create function api.recount_scores(ranking_id integer, as_of timestamptz)
returns setof core.ranking_score
language sql stable
set jit = off
begin atomic
with ranking as (
    select
        r.*,
        api.ranking_weights(r) as weights,
        -- Whole days only, so that a day is either in the one source or in the other.
        coalesce(
            date_trunc('day', recount_scores.as_of, 'UTC') - policy.keep_for, '-infinity'
        ) as raw_since
    from core.ranking as r
    inner join core.storage_policy as policy on policy.level = 'event'
    where r.ranking_id = recount_scores.ranking_id
),

counted as (
    select
        event.item_id,
        least(event.occurred_at, event.received_at) as at,
        api.signed_count(event.event_type, 'view', null, event.count) as views,
        api.signed_count(event.event_type, 'like', 'unlike', event.count) as likes,
        api.signed_count(event.event_type, 'comment', 'uncomment', event.count) as comments,
        api.signed_count(event.event_type, 'share', null, event.count) as shares,
        api.signed_count(event.event_type, 'watch_time', null, event.count)
        * coalesce(event.seconds, 0)::float8 / 60 as watch_minutes
    from core.event
    where
        event.counted
        and event.occurred_at >= (select ranking.raw_since from ranking)
        and least(event.occurred_at, event.received_at) <= recount_scores.as_of
    union all
    select
        day.item_id,
        day.bucket + interval '12 hours' as at,
        day.views,
        day.likes,
        day.comments,
        day.shares,
        day.watch_seconds / 60 as watch_minutes
    from agg.engagement_1d as day
    where day.bucket < (select ranking.raw_since from ranking)
),

summed as (
    select
        counted.item_id,
        max(counted.at) as last_event_at,
        sum(counted.views * fade.slow) as views,
        sum(counted.likes * fade.slow) as likes,
        sum(counted.comments * fade.slow) as comments,
        sum(counted.shares * fade.slow) as shares,
        sum(counted.watch_minutes * fade.slow) as watch_minutes,
        sum(counted.views * fade.fast) as recent_views,
        sum(counted.likes * fade.fast) as recent_likes,
        sum(counted.comments * fade.fast) as recent_comments,
        sum(counted.shares * fade.fast) as recent_shares,
        sum(counted.watch_minutes * fade.fast) as recent_watch_minutes
    from counted
    cross join ranking
    cross join lateral (
        select
            api.decay(recount_scores.as_of - counted.at, ranking.half_life) as slow,
            case
                when ranking.recent_half_life is null then 0
                else api.decay(recount_scores.as_of - counted.at, ranking.recent_half_life)
            end as fast
        offset 0 -- evaluated once a row, not once a use
    ) as fade
    where
        ranking.content_type is null
        or exists (
            select 1
            from core.item
            where
                item.item_id = counted.item_id
                and item.content_type = ranking.content_type
        )
    group by counted.item_id
)

select
    ranking.ranking_id,
    summed.item_id,
    recount_scores.as_of,
    summed.last_event_at,
    summed.views,
    summed.likes,
    summed.comments,
    summed.shares,
    summed.watch_minutes,
    summed.recent_views,
    summed.recent_likes,
    summed.recent_comments,
    summed.recent_shares,
    summed.recent_watch_minutes,
    api.forward_bound(
        api.weighted_sum(
            ranking.weights, summed.views, summed.likes, summed.comments, summed.shares,
            summed.watch_minutes
        ),
        api.weighted_sum(
            ranking.weights, summed.recent_views, summed.recent_likes, summed.recent_comments,
            summed.recent_shares, summed.recent_watch_minutes
        ),
        recount_scores.as_of,
        ranking.half_life
    )
from summed
cross join ranking;
end;

comment on function api.recount_scores (integer, timestamptz) is
    'Every item''s decayed sums in a ranking, from raw events: exact, and as slow as the history '
    'is long.';
grant execute on function api.recount_scores (integer, timestamptz) to groundswell_service;
