-- From when on recounts read raw events: before it, retention has dropped some.
-- Source: api.dropped_before. Feeds: every recount.
-- Keeps: a whole day (UTC), so that each day is either in the raw events or in the day level.
create function api.raw_since()
returns timestamptz
language sql stable
return api.dropped_before('event');

comment on function api.raw_since() is
    'Events since then are recounted one by one, older ones by the day.';
grant execute on function api.raw_since() to groundswell_service, groundswell_read;
