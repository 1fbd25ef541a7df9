-- End a job's run: close its line in the ledger and release its lock.
-- Source: every job. Feeds: core.job_run.
create function api.finish_job(job text, ledger_id bigint, row_count bigint, error text)
returns void
language plpgsql volatile
as $$
begin
    update core.job_run as run
    set
        finished_at = clock_timestamp(),
        row_count = finish_job.row_count,
        error = finish_job.error
    where run.job_run_id = ledger_id;
    perform api.release_job_lock(job);
end;
$$;

comment on function api.finish_job(text, bigint, bigint, text) is
    'Notes the end of a job''s run, its rows and its error, and releases the lock.';
