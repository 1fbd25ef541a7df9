-- How each job fares: its newest ended run, and its newest good one.
-- Source: core.job_run. Feeds: GET /metrics.
-- Keeps: a run under way hides nothing: the one before it is told until it has ended.
create view api.job_status as
with recursive known as (
    -- From name to name through the index: the ledger has a thousand lines a day.
    (
        select ledger.job
        from core.job_run as ledger
        order by ledger.job
        limit 1
    )
    union all
    select (
        select ledger.job
        from core.job_run as ledger
        where ledger.job > known.job
        order by ledger.job
        limit 1
    )
    from known
    where known.job is not null
)

select
    known.job,
    ended.started_at,
    ended.finished_at,
    ended.row_count,
    ended.error,
    good.finished_at as succeeded_at
from known
cross join lateral (
    select
        ledger.started_at,
        ledger.finished_at,
        ledger.row_count,
        ledger.error
    from core.job_run as ledger
    where
        ledger.job = known.job
        and (ledger.finished_at is not null or ledger.error is not null)
        -- Not run, because another one did.
        and not starts_with(coalesce(ledger.error, ''), 'skipped: ')
    order by ledger.started_at desc
    limit 1
) as ended
left join lateral (
    select ledger.finished_at
    from core.job_run as ledger
    where ledger.job = known.job and ledger.finished_at is not null and ledger.error is null
    order by ledger.started_at desc
    limit 1
) as good on true;

comment on view api.job_status is 'Every job that ever ran, with how its newest ended run went. '
    'Stable.';
comment on column api.job_status.job is 'The procedure that runs.';
comment on column api.job_status.started_at is 'When its newest ended run began.';
comment on column api.job_status.finished_at is 'When that run ended; null if it was cut off.';
comment on column api.job_status.row_count is 'How many rows that run dealt with.';
comment on column api.job_status.error is 'What failed in that run; null when all went well.';
comment on column api.job_status.succeeded_at is
    'When a run last ended without an error; null if none ever did.';
grant select on api.job_status to groundswell_service, groundswell_read;
