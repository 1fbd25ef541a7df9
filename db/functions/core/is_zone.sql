-- Whether a time zone is one of IANA's that PostgreSQL knows.
-- Source: PostgreSQL's list. Feeds: core.check_calendar_row, core.check_ranking,
-- api.request_recompute.
-- Keeps: a machine's own zone is another one on another machine, and days of those under right/,
-- which count leap seconds, begin 27 seconds off. UTC needs no look at the list, which is slow.
create or replace function core.is_zone(name text)
returns boolean
language sql stable
set search_path = pg_catalog
return is_zone.name = 'UTC' or (
    is_zone.name !~ '^(right|posix)/'
    and is_zone.name not in ('Factory', 'localtime', 'posixrules')
    and exists (
        select from pg_timezone_names as known
        where known.name = is_zone.name
    )
);

comment on function core.is_zone(text) is 'Whether it is an IANA time zone, such as Europe/Berlin.';
grant execute on function core.is_zone(text) to groundswell_service;
