-- From when on recounts read raw events: before it, retention may have dropped some.
-- Source: core.storage_policy, core.event. Feeds: every recount.
-- Keeps: a whole day (UTC), so that each day is either in the raw events or in the day level.
create function api.raw_since()
returns timestamptz
language sql stable
begin atomic
select
    coalesce(
        date_trunc('day', (select max(event.occurred_at) from core.event), 'UTC')
        - policy.keep_for,
        '-infinity'
    )
from core.storage_policy as policy
where policy.level = 'event';
end;

comment on function api.raw_since() is
    'Events since then are recounted one by one, older ones by the day.';
grant execute on function api.raw_since() to groundswell_service, groundswell_read;
