-- Jobs whose newest run failed, or that have not ended well for an hour.
select job, started_at, error, succeeded_at
from api.job_status
where error is not null or succeeded_at < now() - interval '1 hour';
