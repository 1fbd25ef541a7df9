-- Set the zone whose days, weeks and months the calendar windows follow.
-- Source: groundswell migrate (GROUNDSWELL_ZONE). Feeds: core.calendar.
-- Keeps: the same zone writes nothing; one that PostgreSQL does not know is refused.
create function api.set_calendar_zone(zone text)
returns setof text
language sql volatile
begin atomic
update core.calendar as stored
set zone = set_calendar_zone.zone
where stored.zone <> set_calendar_zone.zone
returning stored.zone;
end;

comment on function api.set_calendar_zone(text) is
    'Takes an IANA time zone; answers it if that is a change. Raises check_violation for no zone. '
    'Stable.';
