-- The counts of windows that differ from a recount.
-- Source: api.recount_windows, core.item_window, core.score_feed. Feeds: api.reconcile_one.
-- Keeps: all of one snapshot, less what waits in the feed, as in api.drifted_scores. Counts must
-- agree exactly; seconds, a float, to a thousandth. Events known only by the minute or day do not
-- tell when the newest was, nor how much was taken back.
create function api.drifted_windows()
returns setof core.window_drift
language sql stable
set jit = off
begin atomic
with fed as materialized (
    select
        position."window",
        feed.item_id,
        sum(one.views) as views,
        sum(one.likes) as likes,
        sum(one.comments) as comments,
        sum(one.shares) as shares,
        sum(one.watch_seconds) as watch_seconds,
        max(feed.occurred_at) filter (where one.gives) as last_event_at,
        sum(one.unlikes) as unlikes,
        sum(one.uncomments) as uncomments,
        max(feed.occurred_at) filter (where not one.gives) as last_taken_at
    from core.score_feed as feed
    cross join lateral api.event_counts(feed.event_type, feed.count, feed.seconds) as one
    inner join core.window_position as position on feed.occurred_at > position.since
    group by position."window", feed.item_id
),

compared as (
    select
        recount.item_id is null and fed.item_id is null as is_gone,
        stored::core.item_window as stored,
        (
            part."window",
            part.item_id,
            coalesce(recount.last_event_at, '-infinity'),
            correction.views, correction.likes, correction.comments, correction.shares,
            correction.watch_seconds, correction.unlikes, correction.uncomments,
            coalesce(recount.last_taken_at, '-infinity')
        )::core.item_window as correction,
        (recount.item_id is null or stored.item_id is null) and fed.item_id is null as is_alone,
        recount.last_event_at <> stored.last_event_at
        and recount.last_event_at >= (select api.raw_since())
        and recount.last_event_at > coalesce(fed.last_event_at, '-infinity')
        or recount.last_taken_at <> stored.last_taken_at
        and recount.last_taken_at >= (select api.raw_since())
        and recount.last_taken_at > coalesce(fed.last_taken_at, '-infinity') as is_newest_wrong,
        (correction.unlikes, correction.uncomments) <> (0, 0)
        and (select api.raw_since()) <= position.since as is_taking_wrong,
        position.begun
    from api.recount_windows() as recount
    full join core.item_window as stored
        on recount."window" = stored."window" and recount.item_id = stored.item_id
    cross join lateral (
        select
            coalesce(recount."window", stored."window") as "window",
            coalesce(recount.item_id, stored.item_id) as item_id
    ) as part
    left join core.window_position as position on part."window" = position."window"
    left join fed on part."window" = fed."window" and part.item_id = fed.item_id
    cross join lateral (
        select
            coalesce(recount.views, 0) - coalesce(stored.views, 0) - coalesce(fed.views, 0)
                as views,
            coalesce(recount.likes, 0) - coalesce(stored.likes, 0) - coalesce(fed.likes, 0)
                as likes,
            coalesce(recount.comments, 0) - coalesce(stored.comments, 0) - coalesce(fed.comments, 0)
                as comments,
            coalesce(recount.shares, 0) - coalesce(stored.shares, 0) - coalesce(fed.shares, 0)
                as shares,
            coalesce(recount.watch_seconds, 0) - coalesce(stored.watch_seconds, 0)
            - coalesce(fed.watch_seconds, 0) as watch_seconds,
            coalesce(recount.unlikes, 0) - coalesce(stored.unlikes, 0) - coalesce(fed.unlikes, 0)
                as unlikes,
            coalesce(recount.uncomments, 0) - coalesce(stored.uncomments, 0)
            - coalesce(fed.uncomments, 0) as uncomments
        offset 0
    ) as correction
)

select
    compared.is_gone,
    compared.stored,
    compared.correction,
    compared.begun
from compared
where
    compared.is_alone
    or compared.is_newest_wrong
    or compared.is_taking_wrong
    or (
        (compared.correction).views,
        (compared.correction).likes,
        (compared.correction).comments,
        (compared.correction).shares
    ) <> (0, 0, 0, 0)
    or abs((compared.correction).watch_seconds) > 0.001;
end;

comment on function api.drifted_windows() is
    'What must be added to the counts that differ, or those of which nothing is left.';
