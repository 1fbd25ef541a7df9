-- Jobs of the last day: runs, failures, and how long they took.
select
    job,
    count(*) as runs,
    count(error) as failed,
    percentile_cont(0.5) within group (order by finished_at - started_at) as median,
    max(finished_at - started_at) as longest
from core.job_run
where started_at >= now() - interval '24 hours'
group by job
order by longest desc nulls last;
