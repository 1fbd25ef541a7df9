-- Up to when no event is taken any more, because it could not reach every level.
-- Source: api.dropped_before.
-- Feeds: what the API accepts, api.hold_raw_events.
create function api.closed_before()
returns timestamptz
language sql stable
begin atomic
select api.dropped_before(null);
end;

comment on function api.closed_before() is
    'The first moment from which every level, from raw events to days, is still whole.';
grant execute on function api.closed_before() to groundswell_service, groundswell_read;
