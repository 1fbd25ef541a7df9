-- Add the events in a slice of the feed to one window, and those before it that it goes back for.
-- Source: core.score_feed, api.counted_between, api.dropped_minutes for what is gone.
-- Feeds: core.item_window.
-- Keeps: reads the feed without emptying it: only api.score_events may have it called, once for
-- each window, and takes the slice out of the feed in the same snapshot. Of the feed counts what
-- happened after `held`, from which on the window has its events; of all others what happened
-- after `edge`, up to `held`, but for what waits beyond the slice. Nobody else writes to a window
-- meanwhile, so it updates and inserts: on conflict would note a lock of each row, too.
create function api.add_to_window(
    "window" text, held timestamptz, edge timestamptz, fed_since timestamptz
)
returns bigint
language plpgsql volatile
-- Planned for this window, so that no other is opened, and nothing is where nothing is passed.
set plan_cache_mode = force_custom_plan
-- Not as its caller has it: a window that has just been filled is larger than is known of it, and
-- would be read once for each item that changes.
set enable_hashjoin = on
as $$
declare
    raw_since constant timestamptz := api.raw_since();
    touched bigint;
begin
    with part as (
        select
            feed.item_id,
            feed.occurred_at as at,
            one.views,
            one.likes,
            one.comments,
            one.shares,
            one.watch_seconds,
            one.unlikes,
            one.uncomments,
            one.gives
        from core.score_feed as feed
        cross join lateral api.event_counts(feed.event_type, feed.count, feed.seconds) as one
        where
            feed.occurred_at > add_to_window.held
            and feed.occurred_at >= add_to_window.fed_since
        union all
        select passed.*
        from api.counted_between(
            add_to_window.edge, add_to_window.held, add_to_window.fed_since, raw_since
        ) as passed
        union all
        select
            minute.item_id,
            minute.at,
            minute.views,
            minute.likes,
            minute.comments,
            minute.shares,
            minute.watch_seconds,
            greatest(-minute.likes, 0),
            greatest(-minute.comments, 0),
            greatest(
                minute.views, minute.likes, minute.comments, minute.shares, minute.watch_seconds
            ) > 0
        from api.dropped_minutes(add_to_window.edge, add_to_window.held, raw_since) as minute
    ),

    fed as materialized (
        select
            part.item_id,
            sum(part.views) as views,
            sum(part.likes) as likes,
            sum(part.comments) as comments,
            sum(part.shares) as shares,
            sum(part.watch_seconds) as watch_seconds,
            coalesce(max(part.at) filter (where part.gives), '-infinity') as last_event_at,
            sum(part.unlikes) as unlikes,
            sum(part.uncomments) as uncomments,
            coalesce(max(part.at) filter (where not part.gives), '-infinity') as last_taken_at
        from part
        group by part.item_id
        -- What only waits comes to nothing: as an event, and taken out.
        having
            2 * count(part.gives) > count(*)
            or (
                sum(part.views), sum(part.likes), sum(part.comments), sum(part.shares),
                sum(part.unlikes), sum(part.uncomments)
            ) <> (0, 0, 0, 0, 0, 0)
            or abs(sum(part.watch_seconds)) > 0.000001
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

comment on function api.add_to_window(text, timestamptz, timestamptz, timestamptz) is
    'Adds the feed''s events after held to one window, of the feed''s slice that begins with '
    'fed_since, and all others after edge and up to held; answers how many counts it changed.';
