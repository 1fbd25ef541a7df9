-- Add the events in the feed to the calendar windows, or begin those anew whose time has come.
-- Source: core.time_window, core.calendar, core.score_feed, core.event.
-- Feeds: core.item_window, core.window_position.
-- Keeps: only api.score_events may call it (see api.add_to_scores). Each holds exactly the events
-- since its day, week or month began; where it is new, turns, or the zone has changed, it is
-- emptied and counted from the events since then, which after midnight are few. But for a change of
-- zone, a window never turns back.
create function api.turn_calendar_windows(as_of timestamptz)
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
        if
            calendar.zone = calendar.position_zone
            and calendar.begins_after <= calendar.since
        then
            touched := touched + api.add_to_window(calendar."window", calendar.since);
            continue;
        end if;
        delete from core.item_window as stored where stored."window" = calendar."window";
        delete from core.window_position as stored where stored."window" = calendar."window";
        insert into core.item_window (
            "window", item_id, views, likes, comments, shares, watch_seconds, last_event_at,
            unlikes, uncomments, last_taken_at
        )
        select
            calendar."window",
            event.item_id,
            sum(one.views),
            sum(one.likes),
            sum(one.comments),
            sum(one.shares),
            sum(one.watch_seconds),
            coalesce(max(moment.at) filter (where one.gives), '-infinity'),
            sum(one.unlikes),
            sum(one.uncomments),
            coalesce(max(moment.at) filter (where not one.gives), '-infinity')
        from core.event
        cross join lateral api.event_counts(event.event_type, event.count, event.seconds) as one
        cross join lateral (
            select least(event.occurred_at, event.received_at) as at
        ) as moment
        where
            event.counted
            and event.occurred_at > calendar.begins_after
            and event.received_at > calendar.begins_after
        group by event.item_id;
        get diagnostics step = row_count;
        touched := touched + step;
        insert into core.window_position ("window", since, zone, turned_at)
        values (
            calendar."window", calendar.begins_after, calendar.zone,
            turn_calendar_windows.as_of
        );
    end loop;
    return touched;
end;
$$;

comment on function api.turn_calendar_windows(timestamptz) is
    'Brings today, week and month up to as_of; answers how many counts it changed.';
