-- How many events counted in the last minute, and how many viewers there were in the last five.
-- Source: core.event. Feeds: GET /analytics/now.
-- Keeps: with its owner's rights, as it tells how many viewers, and not who. Viewers are
-- those of unique viewers; views without one are nobody's.
create function api.present_rate(
    as_of timestamptz, out events bigint, out viewers bigint
)
language sql stable
security definer
set search_path = pg_catalog
set jit = off
begin atomic
with recent as (
    select
        event.occurred_at,
        event.count,
        case when event.event_type = 'view' then event.viewer end as viewer
    from core.event as event
    where
        event.counted
        and event.occurred_at > present_rate.as_of - interval '5 minutes'
        and event.occurred_at <= present_rate.as_of
)

select
    coalesce(
        sum(recent.count) filter (
            where recent.occurred_at > present_rate.as_of - interval '1 minute'
        ),
        0
    )::bigint,
    count(distinct recent.viewer)
from recent;
end;

comment on function api.present_rate(timestamptz) is
    'Counted events of the last minute, and distinct viewers of the last five minutes.';
revoke execute on function api.present_rate(timestamptz) from public;
grant execute on function api.present_rate(timestamptz) to groundswell_service, groundswell_read;
