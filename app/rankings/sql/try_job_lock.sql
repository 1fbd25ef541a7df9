-- Take the lock of a job for this session, unless another has it; the same one as api.start_job.
select api.take_job_lock(%(job)s::text) is null as taken;
