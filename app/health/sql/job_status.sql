-- How each job fares.
select
    job,
    started_at,
    finished_at,
    error,
    succeeded_at
from api.job_status
order by job;
