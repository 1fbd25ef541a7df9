-- Add the events in a slice of the feed to every window, and take out those that have left it.
-- Source: core.time_window, core.score_feed, api.counted_between, api.dropped_minutes for what is
-- gone. Feeds: core.item_window, core.window_position.
-- Keeps: only api.score_events may call it (see api.add_to_scores). An event is added if it lies
-- after the window's old start and taken out when the start passes it, both in one snapshot, so it
-- leaves exactly if it came; what is still in the feed beyond the slice has not come. A window that
-- is new begins where it is now, with all events in the feed. An item without an event in the
-- window has no row. The start of a window never moves back. Calendar windows turn as a whole:
-- api.turn_calendar_windows.
create function api.move_windows(as_of timestamptz, fed_since timestamptz)
returns bigint
language plpgsql volatile
set jit = off
-- What has left is little beside what a window holds, whatever is expected of it.
set enable_hashjoin = off
set enable_mergejoin = off
as $$
declare
    moving core.window_position;
    new_since timestamptz;
    raw_since constant timestamptz := api.raw_since();
    touched bigint := 0;
    step bigint;
begin
    for moving in
        select
            known.name,
            coalesce(position.since, api.window_start(known.name, move_windows.as_of))
        from core.time_window as known
        left join core.window_position as position on known.name = position."window"
        where known.calendar_unit is null
        order by known.place
    loop
        touched := touched + api.add_to_window(
            moving."window", moving.since, fed_since
        );

        new_since := greatest(moving.since, api.window_start(moving."window", as_of));
        if new_since > moving.since then
            with gone as (
                select
                    past.item_id,
                    sum(past.views) as views,
                    sum(past.likes) as likes,
                    sum(past.comments) as comments,
                    sum(past.shares) as shares,
                    sum(past.watch_seconds) as watch_seconds,
                    sum(past.unlikes) as unlikes,
                    sum(past.uncomments) as uncomments
                from (
                    select
                        left_it.item_id,
                        left_it.views,
                        left_it.likes,
                        left_it.comments,
                        left_it.shares,
                        left_it.watch_seconds,
                        left_it.unlikes,
                        left_it.uncomments
                    from api.counted_between(
                        moving.since, new_since, fed_since, raw_since
                    ) as left_it
                    union all
                    select
                        minute.item_id,
                        minute.views,
                        minute.likes,
                        minute.comments,
                        minute.shares,
                        minute.watch_seconds,
                        greatest(-minute.likes, 0),
                        greatest(-minute.comments, 0)
                    from api.dropped_minutes(moving.since, new_since, raw_since) as minute
                ) as past
                group by past.item_id
            ),

            emptied as (
                delete from core.item_window as stored
                using gone
                where
                    stored."window" = moving."window"
                    and stored.item_id = gone.item_id
                    and greatest(stored.last_event_at, stored.last_taken_at) <= new_since
            )

            update core.item_window as stored
            set
                views = stored.views - gone.views,
                likes = stored.likes - gone.likes,
                comments = stored.comments - gone.comments,
                shares = stored.shares - gone.shares,
                watch_seconds = stored.watch_seconds - gone.watch_seconds,
                unlikes = stored.unlikes - gone.unlikes,
                uncomments = stored.uncomments - gone.uncomments
            from gone
            where
                stored."window" = moving."window"
                and stored.item_id = gone.item_id
                and greatest(stored.last_event_at, stored.last_taken_at) > new_since;
            get diagnostics step = row_count;
            touched := touched + step;
        end if;

        insert into core.window_position as position ("window", since)
        values (moving."window", new_since)
        on conflict ("window") do update set since = excluded.since;
    end loop;
    return touched + api.turn_calendar_windows(as_of, fed_since);
end;
$$;

comment on function api.move_windows(timestamptz, timestamptz) is
    'Brings every window up to as_of with what the feed has since fed_since; answers how many '
    'counts it changed.';
