-- The decayed sums of a weighted_decay ranking recounted from all events: what the incremental ones
-- must equal at any time.
-- Source: core.event, api.dropped_counts for what is gone of it, api.discount.
-- Feeds: api.drifted_scores, api.weighted_decay_recount.
-- Keeps: the sums hold for the moment of the newest event. last_event_at is of what gives, as in
-- api.add_to_scores.
create function api.recount_scores(ranking core.ranking)
returns setof core.ranking_score
language sql stable
set jit = off
-- Summed by hash: what is expected of the events would have all of them sorted, on disk.
set enable_sort = off
begin atomic
with gone as materialized (
    select dropped.* from api.dropped_counts() as dropped
),

-- Not from `counted`, which is then asked for once only, and so is never written down.
newest as materialized (
    select
        greatest(
            (select max(gone.at) from gone),
            (
                select max(event.occurred_at)
                from api.event
                where event.counted and event.occurred_at >= (select api.raw_since())
            )
        ) as at
),

counted as (
    select
        event.item_id,
        event.occurred_at as at,
        one.views,
        one.likes,
        one.comments,
        one.shares,
        one.gives,
        one.watch_seconds / 60 as watch_minutes,
        1.0::double precision as share
    from api.event
    cross join lateral api.event_counts(event.event_type, event.count, event.seconds) as one
    where event.counted and event.occurred_at >= (select api.raw_since())
    union all
    select
        gone.item_id,
        gone.at,
        gone.views,
        gone.likes,
        gone.comments,
        gone.shares,
        greatest(gone.views, gone.likes, gone.comments, gone.shares, gone.watch_seconds) > 0
            as gives,
        gone.watch_seconds / 60 as watch_minutes,
        1.0 as share
    from gone
    union all
    select
        taken.item_id,
        taken.at,
        taken.views,
        taken.likes,
        taken.comments,
        taken.shares,
        null as gives,
        taken.watch_seconds / 60 as watch_minutes,
        -api.ranking_discount(ranking) as share
    from api.discount as taken
),

summed as (
    select
        counted.item_id,
        coalesce(max(counted.at) filter (where counted.gives), '-infinity') as last_event_at,
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
    cross join newest
    cross join lateral (
        select
            counted.share * api.decay(newest.at - counted.at, (ranking).half_life) as slow,
            case
                when (ranking).recent_half_life is null then 0
                else
                    counted.share
                    * api.decay(newest.at - counted.at, (ranking).recent_half_life)
            end as fast
        offset 0 -- evaluated once a row, not once a use
    ) as fade
    where
        (ranking).content_type is null
        or exists (
            select 1
            from core.item
            where
                item.item_id = counted.item_id
                and item.content_type = (ranking).content_type
        )
    group by counted.item_id
)

select
    0,
    summed.item_id,
    newest.at,
    api.forward_bound(
        api.weighted_sum(
            weight.list, summed.views, summed.likes, summed.comments, summed.shares,
            summed.watch_minutes
        ),
        api.weighted_sum(
            weight.list, summed.recent_views, summed.recent_likes, summed.recent_comments,
            summed.recent_shares, summed.recent_watch_minutes
        ),
        newest.at,
        date_part('epoch', (ranking).half_life)
    ),
    summed.last_event_at,
    summed.views,
    summed.recent_views,
    summed.likes,
    summed.recent_likes,
    summed.comments,
    summed.recent_comments,
    summed.shares,
    summed.recent_shares,
    summed.watch_minutes,
    summed.recent_watch_minutes
from summed
cross join newest
cross join (select api.ranking_weights(ranking) as list offset 0) as weight;
end;

comment on function api.recount_scores(core.ranking) is
    'Every item''s decayed sums in a ranking, from raw events: exact, and as slow as the history '
    'is long. In no score_set.';
grant execute on function api.recount_scores(core.ranking)
to groundswell_service, groundswell_read;
