-- From when on recounts read raw events: before it, some are gone.
-- Source: api.dropped_before. Feeds: every recount.
-- Keeps: each event is either in the raw events since then or in api.dropped_counts.
create function api.raw_since()
returns timestamptz
language sql stable
return api.dropped_before('event');

comment on function api.raw_since() is
    'Events since then are recounted one by one, older ones by the minute or day.';
grant execute on function api.raw_since() to groundswell_service, groundswell_read;
