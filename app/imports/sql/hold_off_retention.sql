-- Who has the lock of the job that drops old events; null where it is ours now.
select api.take_job_lock('maintain_storage') as holder
