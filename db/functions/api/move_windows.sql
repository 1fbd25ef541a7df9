-- Add the events in the feed to every window, and take out those that have left it.
-- Source: core.time_window, core.score_feed, core.event, api.dropped_minutes for what is gone.
-- Feeds: core.item_window, core.window_position.
-- Keeps: only api.score_events may call it (see api.add_to_scores). An event is added if it lies
-- after the window's old start and taken out when the start passes it, both in one snapshot, so it
-- leaves exactly if it came. An item without an event in the window has no row. The start of a
-- window never moves back. Calendar windows turn as a whole: api.turn_calendar_windows.
create function api.move_windows(as_of timestamptz)
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
            coalesce(position.since, '-infinity')
        from core.time_window as known
        left join core.window_position as position on known.name = position."window"
        where known.calendar_unit is null
        order by known.place
    loop
        touched := touched + api.add_to_window(moving."window", moving.since);

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
                        event.item_id,
                        one.views,
                        one.likes,
                        one.comments,
                        one.shares,
                        one.watch_seconds,
                        one.unlikes,
                        one.uncomments
                    from (
                        select
                            timely.item_id,
                            timely.event_type,
                            timely.count,
                            timely.seconds
                        from core.event as timely
                        where
                            timely.counted
                            and timely.occurred_at > moving.since
                            and timely.occurred_at >= raw_since
                            and timely.occurred_at <= new_since
                            and timely.received_at >= timely.occurred_at
                        union all
                        -- An event that was ahead of its time counts at received_at. The accept path
                        -- allows an hour (settings: max_future_seconds); a day is what is searched.
                        select
                            ahead.item_id,
                            ahead.event_type,
                            ahead.count,
                            ahead.seconds
                        from core.event as ahead
                        where
                            ahead.counted
                            and ahead.received_at > moving.since
                            and ahead.received_at <= new_since
                            and ahead.received_at < ahead.occurred_at
                            and ahead.occurred_at > moving.since
                            and ahead.occurred_at >= raw_since
                            and ahead.occurred_at <= new_since + interval '1 day'
                    ) as event
                    cross join lateral
                        api.event_counts(event.event_type, event.count, event.seconds) as one
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
    return touched + api.turn_calendar_windows(as_of);
end;
$$;

comment on function api.move_windows(timestamptz) is
    'Brings every window up to as_of; answers how many counts it changed.';
