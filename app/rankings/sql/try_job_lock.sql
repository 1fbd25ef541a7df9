-- Take the lock of a job for this session, unless another has it; the same one as api.start_job.
select pg_try_advisory_lock(hashtextextended('groundswell job ' || %(job)s::text, 0)) as taken;
