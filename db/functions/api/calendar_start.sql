-- Where the day, week (from Monday) or month begins that a moment lies in, in a zone.
-- Source: core.time_window, core.calendar (zone). Feeds: api.move_windows,
-- the publisher of top lists.
-- Keeps: it is never after as_of, and the same for all moments of the day, week or month, whatever
-- clock changes lie between.
create function api.calendar_start(
    "window" text, as_of timestamptz, zone text, later integer default 0
)
returns timestamptz
language sql stable parallel safe
return (
    select
        api.first_moment(
            date_trunc(known.calendar_unit, calendar_start.as_of at time zone calendar_start.zone)
            + later * ('1 ' || known.calendar_unit)::interval,
            calendar_start.zone
        )
    from core.time_window as known
    where known.name = calendar_start."window"
);

comment on function api.calendar_start(text, timestamptz, text, integer) is
    'First moment of the window today, week or month that as_of lies in, or of the one so many '
    'later; null for any other window.';
grant execute on function api.calendar_start(text, timestamptz, text, integer)
to groundswell_service, groundswell_read;
