-- Add a slice of the feed to the calendar windows, or begin those anew whose time has come.
-- Source: core.time_window, core.calendar, core.score_feed, api.counted_between.
-- Feeds: core.item_window, core.window_position.
-- Keeps: only api.score_events may call it (see api.add_to_scores). Each holds exactly the events
-- since its day, week or month began; where it turns, or the zone has changed, it is emptied and
-- counted from the events since then, which after midnight are few, but for those beyond the slice.
-- One that is new has all its events in the feed. But for a change of zone, a window never turns
-- back.
create function api.turn_calendar_windows(as_of timestamptz, fed_since timestamptz)
returns bigint
language plpgsql volatile
as $$
declare
    calendar record;
    touched bigint := 0;
    step bigint;
begin
    for calendar in
        select
            known.name as "window",
            wanted.zone,
            -- One microsecond before: a window holds what happened after its position.
            api.calendar_start(known.name, turn_calendar_windows.as_of, wanted.zone)
            - interval '1 microsecond' as begins_after,
            position.since,
            position.zone as position_zone
        from core.time_window as known
        cross join core.calendar as wanted
        left join core.window_position as position on known.name = position."window"
        where known.calendar_unit is not null
        order by known.place
    loop
        if calendar.since is null then
            insert into core.window_position ("window", since, zone, turned_at)
            values (
                calendar."window", calendar.begins_after, calendar.zone,
                turn_calendar_windows.as_of
            );
            calendar.since := calendar.begins_after;
            calendar.position_zone := calendar.zone;
        end if;
        if
            calendar.zone = calendar.position_zone
            and calendar.begins_after <= calendar.since
        then
            touched := touched + api.add_to_window(
                calendar."window", calendar.since, fed_since
            );
            continue;
        end if;
        delete from core.item_window as stored where stored."window" = calendar."window";
        insert into core.item_window (
            "window", item_id, views, likes, comments, shares, watch_seconds, last_event_at,
            unlikes, uncomments, last_taken_at
        )
        select
            calendar."window",
            event.item_id,
            sum(event.views),
            sum(event.likes),
            sum(event.comments),
            sum(event.shares),
            sum(event.watch_seconds),
            coalesce(max(event.at) filter (where event.gives), '-infinity'),
            sum(event.unlikes),
            sum(event.uncomments),
            coalesce(max(event.at) filter (where not event.gives), '-infinity')
        from api.counted_between(
            calendar.begins_after, 'infinity', fed_since, calendar.begins_after
        ) as event
        group by event.item_id;
        get diagnostics step = row_count;
        touched := touched + step;
        update core.window_position as stored
        set
            since = calendar.begins_after,
            zone = calendar.zone,
            turned_at = turn_calendar_windows.as_of
        where stored."window" = calendar."window";
    end loop;
    return touched;
end;
$$;

comment on function api.turn_calendar_windows(timestamptz, timestamptz) is
    'Brings today, week and month up to as_of with what the feed has since fed_since; answers how '
    'many counts it changed.';
