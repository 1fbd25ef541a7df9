-- Up to when no event is taken any more, because it could not reach every level.
-- Source: core.storage_policy. Feeds: what the API accepts, api.hold_raw_events.
create function api.closed_before()
returns timestamptz
language sql stable
begin atomic
select max(api.dropped_before(policy.level))
from core.storage_policy as policy
where policy.level in ('event', 'engagement_1m', 'engagement_15m', 'engagement_1d');
end;

comment on function api.closed_before() is
    'The first moment from which every level, from raw events to days, is still whole.';
grant execute on function api.closed_before() to groundswell_service, groundswell_read;
