-- Set the zone whose days, weeks and months the calendar windows follow.
-- Source: groundswell migrate (GROUNDSWELL_ZONE). Feeds: core.calendar.
-- Keeps: null is UTC, if it had another one from the environment, and else what a DBA gave it. The
-- same zone writes nothing; one that PostgreSQL does not know is refused.
create function api.set_calendar_zone(zone text)
returns setof text
language sql volatile
begin atomic
with noted as (
    update core.calendar as stored
    set zone = wanted.zone, is_of_environment = wanted.is_of_environment
    from (
        select
            known.zone as old_zone,
            set_calendar_zone.zone is not null as is_of_environment,
            coalesce(
                set_calendar_zone.zone,
                case when known.is_of_environment then 'UTC' else known.zone end
            ) as zone
        from core.calendar as known
    ) as wanted
    where
        (stored.zone, stored.is_of_environment)
        <> (wanted.zone, wanted.is_of_environment)
    returning stored.zone, wanted.old_zone
)

select noted.zone
from noted
where noted.zone <> noted.old_zone;
end;

comment on function api.set_calendar_zone(text) is
    'Takes an IANA time zone, or null for none of the environment; answers it if that is a change. '
    'Raises check_violation for no zone. '
    'Stable.';
