-- How events came in, minute by minute, in the hour before the newest of them.
-- Source: core.event. Feeds: SQL dashboards.
-- Keeps: of raw events, as only they know when they were received; of an hour, so that whoever
-- asks without a condition reads no month of them.
create view api.ingest_health as
select
    time_bucket(interval '1 minute', event.occurred_at) as bucket,
    count(*) as events,
    count(*) filter (where event.counted) as counted,
    count(*) filter (where event.uncounted_because like 'bot%') as bots,
    count(*) filter (where event.uncounted_because like 'repeat%') as repeats,
    count(*) filter (where event.received_at > event.occurred_at + interval '1 minute') as late,
    avg(date_part('epoch', event.received_at - event.occurred_at)) as mean_delay_seconds,
    max(date_part('epoch', event.received_at - event.occurred_at)) as max_delay_seconds
from core.event as event
where
    event.occurred_at > (select max(newest.occurred_at) from core.event as newest)
    - interval '1 hour'
group by time_bucket(interval '1 minute', event.occurred_at);

comment on view api.ingest_health is
    'Events by the minute in which they happened, over the hour up to the newest: how many, how '
    'many of them count, and how much later they were received. '
    'Stable.';
comment on column api.ingest_health.bucket is 'When the minute begins.';
comment on column api.ingest_health.events is 'Events that are in the database.';
comment on column api.ingest_health.counted is 'Those of them that count.';
comment on column api.ingest_health.bots is 'Those that came in uncounted as sent by bots.';
comment on column api.ingest_health.repeats is
    'Those that came in uncounted as repeated views of one viewer.';
comment on column api.ingest_health.late is 'Those received more than a minute later.';
comment on column api.ingest_health.mean_delay_seconds is
    'From when it happened to when the API accepted it, on average.';
comment on column api.ingest_health.max_delay_seconds is 'The longest such delay.';
grant select on api.ingest_health to groundswell_service, groundswell_read;
