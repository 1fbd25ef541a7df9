-- Add the events in a slice of the feed to every window, and move each by a slice of its way.
-- Source: core.time_window, core.calendar, core.score_feed, api.window_edge.
-- Feeds: core.item_window, core.window_position.
-- Keeps: only api.score_events may call it (see api.add_to_scores). After each slice a window holds
-- exactly what happened after its position, but for what is in the feed beyond the slice. It moves
-- on to where it is to begin, and what it passes is taken out, the oldest first. Where that would
-- be more than what stays, and where a day, week or month turns, it is emptied, and goes back from
-- now to where it is to begin, the newest events first. Where it is to begin never moves back, but
-- for another zone. A window that is new begins where it is now, with all events in the feed.
create function api.move_windows(as_of timestamptz, fed_since timestamptz, at_most integer)
returns bigint
language plpgsql volatile
set jit = off
set enable_hashjoin = off
set enable_mergejoin = off
as $$
declare
    moving record;
    -- Where the window begins, before and after this slice.
    held timestamptz;
    edge timestamptz;
    is_anew boolean;
    touched bigint := 0;
begin
    for moving in
        select
            known.name as "window",
            known.calendar_unit is not null as turns,
            position.since,
            position.wanted_since is not null and position.wanted_since <> position.since
                as is_on_its_way,
            position.zone is distinct from aim.zone as is_of_another_zone,
            aim.zone,
            -- The start of a window never moves back where nobody has moved the clocks.
            case
                when position.zone is distinct from aim.zone then aim.since
                else greatest(aim.since, coalesce(position.wanted_since, position.since))
            end as wanted
        from core.time_window as known
        cross join core.calendar as calendar
        left join core.window_position as position on known.name = position."window"
        cross join lateral (
            select
                case when known.calendar_unit is not null then calendar.zone end as zone,
                case
                    when known.calendar_unit is null
                        then api.window_start(known.name, move_windows.as_of)
                    -- One microsecond before: a window holds what happened after its position.
                    else
                        api.calendar_start(known.name, move_windows.as_of, calendar.zone)
                        - interval '1 microsecond'
                end as since
        ) as aim
        order by known.place
    loop
        held := coalesce(moving.since, moving.wanted);
        is_anew := false;
        if moving.wanted > held then
            is_anew := moving.turns or moving.wanted - held > as_of - moving.wanted;
        end if;
        if is_anew then
            delete from core.item_window as stored where stored."window" = moving."window";
            held := 'infinity';
        end if;
        edge := case
            when moving.wanted = held then held
            else api.window_edge(held, moving.wanted, as_of, at_most)
        end;
        touched := touched + api.add_to_window(
            moving."window", held, least(held, edge), fed_since
        );
        if edge > held then
            touched := touched + api.take_from_window(moving."window", held, edge, fed_since);
        end if;

        insert into core.window_position as position
        ("window", since, wanted_since, zone, turned_at)
        values (
            moving."window", edge, nullif(moving.wanted, edge), moving.zone,
            case when moving.turns then as_of end
        )
        on conflict ("window") do update set
            since = excluded.since,
            wanted_since = excluded.wanted_since,
            zone = excluded.zone,
            turned_at = case
                when
                    moving.is_of_another_zone
                    or is_anew
                    or moving.is_on_its_way
                    or excluded.wanted_since is not null
                    then move_windows.as_of
                else position.turned_at
            end,
            begun = position.begun + is_anew::integer;
    end loop;
    return touched;
end;
$$;

comment on function api.move_windows(timestamptz, timestamptz, integer) is
    'Brings every window up to as_of with what the feed has since fed_since, passing about at_most '
    'events of each; answers how many counts it changed.';
