-- Ingest in the last hour: events a minute, late ones, and the delay until they were received.
-- Reads: raw events.
-- Over: 1 day.
select bucket, events, late, round(mean_delay_seconds::numeric, 1) as mean_delay, max_delay_seconds
from api.ingest_health
order by bucket desc;
