-- Refuse a zone that PostgreSQL does not know, or that is none of IANA's.
-- Source: core.calendar, core.is_zone. Feeds: trigger calendar_zone_known.
create or replace function core.check_calendar_row()
returns trigger
language plpgsql
set search_path = pg_catalog
as $$
begin
    if not core.is_zone(new.zone) then
        raise exception using
            errcode = 'check_violation',
            message = format('zone %L is no IANA time zone, such as Europe/Berlin', new.zone),
            constraint = 'calendar_zone_known',
            schema = 'core',
            table = 'calendar';
    end if;
    return new;
end;
$$;

comment on function core.check_calendar_row() is
    'Raises check_violation for a zone that PostgreSQL does not know, or IANA does not.';

create or replace trigger calendar_zone_known
before insert or update on core.calendar
for each row execute function core.check_calendar_row();
