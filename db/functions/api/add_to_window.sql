-- Add the events in the feed that happened after a moment to one window.
-- Source: core.score_feed. Feeds: core.item_window.
-- Keeps: reads the feed without emptying it: only api.score_events may have it called, once for
-- each window, and takes the slice out of the feed in the same snapshot. Nobody else writes to a
-- window meanwhile, so it updates and inserts: on conflict would note a lock of each row, too.
create function api.add_to_window("window" text, since timestamptz, fed_since timestamptz)
returns bigint
language plpgsql volatile
-- Planned for this window, so that no other is opened.
set plan_cache_mode = force_custom_plan
as $$
declare
    touched bigint;
begin
    with fed as materialized (
        select
            feed.item_id,
            sum(one.views) as views,
            sum(one.likes) as likes,
            sum(one.comments) as comments,
            sum(one.shares) as shares,
            sum(one.watch_seconds) as watch_seconds,
            coalesce(max(feed.occurred_at) filter (where one.gives), '-infinity') as last_event_at,
            sum(one.unlikes) as unlikes,
            sum(one.uncomments) as uncomments,
            coalesce(max(feed.occurred_at) filter (where not one.gives), '-infinity')
                as last_taken_at
        from core.score_feed as feed
        cross join lateral api.event_counts(feed.event_type, feed.count, feed.seconds) as one
        where
            feed.occurred_at > add_to_window.since
            and feed.occurred_at >= add_to_window.fed_since
        group by feed.item_id
    ),

    changed as (
        update core.item_window as stored
        set
            views = stored.views + fed.views,
            likes = stored.likes + fed.likes,
            comments = stored.comments + fed.comments,
            shares = stored.shares + fed.shares,
            watch_seconds = stored.watch_seconds + fed.watch_seconds,
            last_event_at = greatest(stored.last_event_at, fed.last_event_at),
            unlikes = stored.unlikes + fed.unlikes,
            uncomments = stored.uncomments + fed.uncomments,
            last_taken_at = greatest(stored.last_taken_at, fed.last_taken_at)
        from fed
        where stored."window" = add_to_window."window" and stored.item_id = fed.item_id
        returning stored.item_id
    ),

    added as (
        insert into core.item_window (
            "window", item_id, views, likes, comments, shares, watch_seconds, last_event_at,
            unlikes, uncomments, last_taken_at
        )
        select
            add_to_window."window",
            fed.item_id,
            fed.views,
            fed.likes,
            fed.comments,
            fed.shares,
            fed.watch_seconds,
            fed.last_event_at,
            fed.unlikes,
            fed.uncomments,
            fed.last_taken_at
        from fed
        where fed.item_id not in (select changed.item_id from changed)
    )

    select count(*) into touched from fed;
    return touched;
end;
$$;

comment on function api.add_to_window(text, timestamptz, timestamptz) is
    'Adds the feed''s events after since to one window, of the feed''s slice that begins with '
    'fed_since; answers how many counts it changed.';
