-- Refuse a zone that PostgreSQL does not know.
-- Source: core.calendar. Feeds: trigger calendar_zone_known.
create or replace function core.check_calendar_row()
returns trigger
language plpgsql
set search_path = pg_catalog
as $$
begin
    if not exists (select from pg_timezone_names as known where known.name = new.zone) then
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
    'Raises check_violation for a zone that PostgreSQL does not know.';

create or replace trigger calendar_zone_known
before insert or update on core.calendar
for each row execute function core.check_calendar_row();
