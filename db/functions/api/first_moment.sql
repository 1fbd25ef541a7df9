-- The first moment at which clocks of a zone show a local time.
-- Source: PostgreSQL's time zones. Feeds: api.calendar_start.
-- Keeps: a local time that the change to summer time skips comes when the clock jumps over it; of
-- one that the change to winter time repeats, the first counts (PostgreSQL itself takes the second,
-- so that a day that begins twice, as on the Azores, would begin an hour late).
create function api.first_moment(local timestamp, zone text)
returns timestamptz
language sql immutable parallel safe
return case
    when (local at time zone zone - interval '1 hour') at time zone zone = local
        then local at time zone zone - interval '1 hour'
    else local at time zone zone
end;

comment on function api.first_moment(timestamp, text) is
    'The earliest moment at which it is that local time in the zone.';
grant execute on function api.first_moment(timestamp, text)
to groundswell_service, groundswell_read;
