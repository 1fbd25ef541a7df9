-- Give back the lock of a job that this session took.
-- Source: api.take_job_lock. Feeds: api.finish_job, POST /admin/rankings/refresh.
create function api.release_job_lock(job text)
returns void
language plpgsql volatile
set search_path = pg_catalog
as $$
begin
    perform pg_advisory_unlock(hashtext('groundswell job ' || job), pg_backend_pid());
end;
$$;

comment on function api.release_job_lock(text) is 'Gives back a job''s lock of this session.';
grant execute on function api.release_job_lock(text) to groundswell_service;
