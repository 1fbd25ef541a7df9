-- Add the events in the feed to the moving windows, and take out those that have left them.
-- Source: core.score_feed, core.event. Feeds: core.item_window, core.window_position.
-- Keeps: only api.score_events may call it (see api.add_to_scores). An event is added if it lies
-- after the window's old start and taken out when the start passes it, both in one snapshot, so it
-- leaves exactly if it came. An item without an event in the window has no row. The start of a
-- window never moves back.
create function api.move_windows(as_of timestamptz)
returns bigint
language plpgsql volatile
as $$
declare
    moving core.window_position;
    new_since timestamptz;
    touched bigint := 0;
    step bigint;
begin
    for moving in
        select
            known."window",
            coalesce(position.since, '-infinity')
        from unnest(array['1h', '24h', '7d', '30d', 'all']) as known ("window")
        left join core.window_position as position on known."window" = position."window"
    loop
        insert into core.item_window as stored (
            "window", item_id, views, likes, comments, shares, watch_seconds, last_event_at
        )
        select
            moving."window",
            feed.item_id,
            sum(one.views),
            sum(one.likes),
            sum(one.comments),
            sum(one.shares),
            sum(one.watch_seconds),
            max(feed.occurred_at)
        from core.score_feed as feed
        cross join lateral api.event_counts(feed.event_type, feed.count, feed.seconds) as one
        where feed.occurred_at > moving.since
        group by feed.item_id
        on conflict on constraint item_window_one_per_item do update set
            views = stored.views + excluded.views,
            likes = stored.likes + excluded.likes,
            comments = stored.comments + excluded.comments,
            shares = stored.shares + excluded.shares,
            watch_seconds = stored.watch_seconds + excluded.watch_seconds,
            last_event_at = greatest(stored.last_event_at, excluded.last_event_at);
        get diagnostics step = row_count;
        touched := touched + step;

        new_since := greatest(moving.since, api.window_start(moving."window", as_of));
        if new_since > moving.since then
            with gone as (
                select
                    event.item_id,
                    sum(one.views) as views,
                    sum(one.likes) as likes,
                    sum(one.comments) as comments,
                    sum(one.shares) as shares,
                    sum(one.watch_seconds) as watch_seconds
                from core.event
                cross join lateral api.event_counts(event.event_type, event.count, event.seconds) as one
                where
                    event.counted
                    and event.occurred_at > moving.since
                    -- The accept path allows clocks that run ahead by an hour at most (settings:
                    -- max_future_seconds); such an event counts at received_at.
                    and event.occurred_at <= new_since + interval '1 day'
                    and least(event.occurred_at, event.received_at) > moving.since
                    and least(event.occurred_at, event.received_at) <= new_since
                group by event.item_id
            ),

            emptied as (
                delete from core.item_window as stored
                using gone
                where
                    stored."window" = moving."window"
                    and stored.item_id = gone.item_id
                    and stored.last_event_at <= new_since
            )

            update core.item_window as stored
            set
                views = stored.views - gone.views,
                likes = stored.likes - gone.likes,
                comments = stored.comments - gone.comments,
                shares = stored.shares - gone.shares,
                watch_seconds = stored.watch_seconds - gone.watch_seconds
            from gone
            where
                stored."window" = moving."window"
                and stored.item_id = gone.item_id
                and stored.last_event_at > new_since;
            get diagnostics step = row_count;
            touched := touched + step;
        end if;

        insert into core.window_position as position ("window", since)
        values (moving."window", new_since)
        on conflict ("window") do update set since = excluded.since;
    end loop;
    return touched;
end;
$$;

comment on function api.move_windows(timestamptz) is
    'Brings every moving window up to as_of; answers how many counts it changed.';
