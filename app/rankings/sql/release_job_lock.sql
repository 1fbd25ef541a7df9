-- Give back a job's lock that try_job_lock has taken.
select api.release_job_lock(%(job)s::text) is not null as released;
