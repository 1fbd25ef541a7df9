-- Late events by the hour in which they were received: how many, and how late.
-- Reads: raw events.
-- Over: 1 day.
select
    date_trunc('hour', received_at) as hour,
    count(*) as events,
    count(*) filter (where received_at > occurred_at + interval '1 minute') as late,
    percentile_cont(0.95) within group (order by received_at - occurred_at) as p95_delay
from api.event
where occurred_at >= now() - interval '24 hours'
group by date_trunc('hour', received_at)
order by hour;
