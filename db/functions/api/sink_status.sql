-- What is published to Kafka, and how much of it waits.
-- Source: core.sink, core.outgoing, core.unpublished, core.sink_ranking, api.newest_run.
-- Feeds: groundswell publish (its metrics), a DBA.
create view api.sink_status as
-- Two parts, each with its name as a constant: who asks for one reads nothing of the other.
select
    'event'::text as stream,
    sink.since,
    queued.events as waiting,
    queued.oldest,
    refused.events as unpublished,
    sink.given_up
from core.sink as sink
cross join (
    select
        coalesce(sum(waiting.events), 0) as events,
        min(waiting.noted_at) as oldest
    from core.outgoing as waiting
) as queued
cross join (select count(*) as events from core.unpublished) as refused
where sink.stream = 'event'
union all
select
    'ranking'::text as stream,
    sink.since,
    behind.rankings as waiting,
    behind.oldest,
    0 as unpublished,
    sink.given_up
from core.sink as sink
cross join (
    select
        count(*) as rankings,
        min(run.finished_at) as oldest
    from core.ranking as ranking
    inner join api.newest_run as run on ranking.ranking_id = run.ranking_id
    left join core.sink_ranking as published on ranking.ranking_id = published.ranking_id
    where
        ranking.enabled
        and run.run_id is distinct from published.run_id
        and exists (
            select from core.sink as known
            where known.stream = 'ranking' and known.since is not null
        )
) as behind
where sink.stream = 'ranking';

comment on view api.sink_status is 'What is published to Kafka, and how much of it waits.';
comment on column api.sink_status.stream is 'event or ranking.';
comment on column api.sink_status.since is 'Since when it is on; null: it is off.';
comment on column api.sink_status.waiting is
    'Events that are still to be published; rankings of which readers have not the newest lists.';
comment on column api.sink_status.oldest is
    'Since when what has waited longest does; null: nothing waits.';
comment on column api.sink_status.unpublished is 'Events that the brokers do not take.';
comment on column api.sink_status.given_up is
    'Events that waited too long or were too many, since it was switched on.';
grant select on api.sink_status to groundswell_service, groundswell_read;
