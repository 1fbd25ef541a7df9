-- Give back a job's lock that try_job_lock has taken.
select pg_advisory_unlock(hashtextextended('groundswell job ' || %(job)s::text, 0)) as released;
