-- The newest run of every enabled ranking.
-- Source: api.newest_run, core.job_run. Feeds: the publisher.
-- Keeps: fresh_at stands still when the scoring job does, and when the ranking fails in it; on any
-- schedule, the time until it is next due makes no list stale.
create view api.latest_run as
select
    run.run_id,
    ranking.name as ranking,
    ranking."window",
    run.as_of,
    run.confirmed_at,
    run.finished_at,
    case
        when api.ranking_due(ranking.schedule, ranking.zone, run.confirmed_at, job.finished_at)
            then run.confirmed_at
        else greatest(run.confirmed_at, job.finished_at)
    end as fresh_at,
    date_part('epoch', ranking.redis_ttl)::integer as redis_seconds,
    ranking.segments,
    ranking.formula,
    ranking.schedule
from core.ranking as ranking
inner join api.newest_run as run on ranking.ranking_id = run.ranking_id
left join lateral (
    select ledger.finished_at
    from core.job_run as ledger
    where ledger.job = 'run_rankings' and ledger.finished_at is not null
    order by ledger.started_at desc
    limit 1
) as job on true
where ranking.enabled;

comment on view api.latest_run is 'The newest finished run of every enabled ranking.';
comment on column api.latest_run.run_id is 'Key of the run.';
comment on column api.latest_run.ranking is 'Name of the ranking.';
comment on column api.latest_run."window" is 'Window of the ranking.';
comment on column api.latest_run.as_of is 'The moment its scores hold for.';
comment on column api.latest_run.confirmed_at is
    'Up to when its order and counts are known to hold.';
comment on column api.latest_run.finished_at is 'When the snapshot was stored.';
comment on column api.latest_run.fresh_at is
    'Up to when it is what its schedule promises; an old one means that scoring stands still.';
comment on column api.latest_run.redis_seconds is 'How long Redis keeps it, as the ranking says.';
comment on column api.latest_run.segments is 'By what it is also ranked in parts.';
comment on column api.latest_run.formula is 'How it is scored.';
comment on column api.latest_run.schedule is 'When it is computed, five cron fields.';
grant select on api.latest_run to groundswell_service, groundswell_read;
