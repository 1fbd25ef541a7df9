-- Days that the day level knows counts of, but of which there is not one raw event.
-- Source: agg.engagement_1d, core.event. Feeds: api.recompute_fault.
-- Keeps: tells what somebody dropped by hand, past api.maintain_storage and its notes.
create function api.days_without_events(since timestamptz, until timestamptz)
returns setof timestamptz
language sql stable
set jit = off
begin atomic
select day.bucket
from agg.engagement_1d as day
where
    day.bucket >= days_without_events.since
    and day.bucket < days_without_events.until
    and not exists (
        select 1
        from core.event
        where
            event.occurred_at >= day.bucket
            and event.occurred_at < day.bucket + interval '1 day'
    )
group by day.bucket
order by day.bucket;
end;

comment on function api.days_without_events(timestamptz, timestamptz) is
    'Days (UTC) between two edges whose raw events are gone, though they were counted.';
