-- Begin a job's run: take its lock and open its line in the ledger.
-- Source: every job. Feeds: core.job_run.
-- Keeps: null where the job is running already: overdue runs of a scheduler must not pile up. Then
-- the line says who runs it.
create function api.start_job(job text)
returns bigint
language plpgsql volatile
as $$
declare
    ledger_id bigint;
    holder constant text := api.take_job_lock(job);
begin
    if holder is not null then
        insert into core.job_run (job, started_at, error)
        values (start_job.job, clock_timestamp(), 'skipped: it is run by ' || holder);
        return null;
    end if;
    -- Whoever holds the lock is alone: a line still open is of a run that was cut off.
    update core.job_run as run
    set error = 'cut off'
    where run.job = start_job.job and run.finished_at is null and run.error is null;
    insert into core.job_run as run (job, started_at)
    values (start_job.job, clock_timestamp())
    returning run.job_run_id into ledger_id;
    return ledger_id;
end;
$$;

comment on function api.start_job(text) is
    'Takes the lock of a job and notes the start; null if it is running already.';
