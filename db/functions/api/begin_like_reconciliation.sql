-- Begin a run of the job that compares the like counts in Redis, unless one ran a moment ago.
-- Source: the worker. Feeds: core.job_run.
-- Keeps: one run at a time on any number of workers, and one in `every`; a run that failed, or was
-- cut off, is made good by the next one: `since` is the start of the last good run, `until` now.
create function api.begin_like_reconciliation(every interval)
returns table (ledger_id bigint, since timestamptz, until timestamptz)
language plpgsql volatile
security definer
set search_path = pg_catalog
as $$
begin
    if exists (
        select
        from core.job_run as run
        where
            run.job = 'reconcile_likes'
            and run.started_at > clock_timestamp() - every
            and run.error is null
    ) then
        return;
    end if;
    select max(run.started_at)
    into begin_like_reconciliation.since
    from core.job_run as run
    where run.job = 'reconcile_likes' and run.finished_at is not null and run.error is null;
    until := clock_timestamp();
    ledger_id := api.start_job('reconcile_likes');
    if ledger_id is not null then
        return next;
    end if;
end;
$$;

comment on function api.begin_like_reconciliation(interval) is
    'Takes the lock of job reconcile_likes and opens its line in the ledger; answers the line, '
    'when the last good run began (null for never), and now. No row where it runs, or '
    'just ran.';
revoke execute on function api.begin_like_reconciliation(interval) from public;
grant execute on function api.begin_like_reconciliation(interval) to groundswell_service;
