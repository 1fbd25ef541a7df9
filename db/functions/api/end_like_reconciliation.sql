-- End a run of the job that compares the like counts in Redis.
-- Source: the worker. Feeds: core.job_run.
-- Keeps: only a line of this job can be ended with it.
create function api.end_like_reconciliation(ledger_id bigint, mended bigint, error text)
returns void
language sql volatile
security definer
set search_path = pg_catalog
begin atomic
select api.finish_job(
    'reconcile_likes', run.job_run_id, end_like_reconciliation.mended, end_like_reconciliation.error
)
from core.job_run as run
where run.job_run_id = end_like_reconciliation.ledger_id and run.job = 'reconcile_likes';
end;

comment on function api.end_like_reconciliation(bigint, bigint, text) is
    'Notes how many counts in Redis were mended, or what failed, and releases the lock.';
revoke execute on function api.end_like_reconciliation(bigint, bigint, text) from public;
grant execute on function api.end_like_reconciliation(bigint, bigint, text)
to groundswell_service;
