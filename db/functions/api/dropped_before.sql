-- Up to which day a level has been dropped: whatever begins then or later is still whole.
-- Source: core.storage_policy. Feeds: api.refresh_aggregates, api.raw_since, api.closed_before.
-- Keeps: a whole day (UTC), so that no bucket of any level lies on both sides. Where nothing has
-- been dropped, the earliest day that the API takes events of.
create function api.dropped_before(level text)
returns timestamptz
language sql stable
begin atomic
select
    coalesce(
        date_trunc('day', policy.dropped_before - interval '1 microsecond', 'UTC')
        + interval '24 hours',
        timestamptz '2000-01-01 00:00:00+00'
    )
from core.storage_policy as policy
where policy.level = dropped_before.level;
end;

comment on function api.dropped_before(text) is
    'The first moment from which nothing of the level has been dropped, at midnight UTC.';
grant execute on function api.dropped_before(text) to groundswell_service, groundswell_read;
