-- Begin a run of the job that compares the like counts in Redis, unless one ran a moment ago.
-- Source: the worker. Feeds: core.job_run.
-- Keeps: one run at a time on any number of workers, and one in `every`; a run that failed is made
-- good by the next one.
create function api.begin_like_reconciliation(every interval)
returns bigint
language sql volatile
security definer
set search_path = pg_catalog
begin atomic
select api.start_job('reconcile_likes')
where not exists (
    select
    from core.job_run as run
    where
        run.job = 'reconcile_likes'
        and run.started_at > clock_timestamp() - every
        and run.error is null
);
end;

comment on function api.begin_like_reconciliation(interval) is
    'Takes the lock of job reconcile_likes and opens its line in the ledger; answers the line, or '
    'null where it runs, or just ran.';
revoke execute on function api.begin_like_reconciliation(interval) from public;
grant execute on function api.begin_like_reconciliation(interval) to groundswell_service;
