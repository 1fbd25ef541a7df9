-- Take the lock of a job for this session, or say who has it.
-- Source: pg_locks, pg_stat_activity. Feeds: api.start_job, POST /admin/rankings/refresh.
-- Keeps: the lock ends with the call that took it, also where that was cancelled or failed. Only a
-- session's own lock outlives the commits of a procedure, and PostgreSQL keeps it then: so each
-- session has one of its own, which counts as long as the session is at work.
create function api.take_job_lock(job text)
returns text
language plpgsql volatile
security definer
set search_path = pg_catalog
as $$
declare
    lock_key constant integer := hashtext('groundswell job ' || job);
    holder text;
begin
    -- One looks at a time. Who has the lock already waits for those who look: they soon go away.
    if exists (
        select 1
        from pg_locks as mine
        where
            mine.locktype = 'advisory'
            and mine.pid = pg_backend_pid()
            and mine.classid = (lock_key::bigint & 4294967295)::oid
            and mine.objid <> 0
    ) then
        perform pg_advisory_xact_lock(lock_key, 0);
    elsif not pg_try_advisory_xact_lock(lock_key, 0) then
        return 'another session that is just beginning';
    end if;
    perform pg_stat_clear_snapshot();
    select format(
        'session %s of %s (%s)', held.pid, other.usename, nullif(other.application_name, '')
    )
    into holder
    from pg_locks as held
    left join pg_stat_activity as other on held.pid = other.pid
    where
        held.locktype = 'advisory'
        and held.granted
        and held.database = (select here.oid from pg_database as here where here.datname = current_database())
        and held.classid = (lock_key::bigint & 4294967295)::oid
        and held.objid <> 0
        and held.pid <> pg_backend_pid()
        and not coalesce(
            other.state in ('idle', 'idle in transaction (aborted)')
            -- Between two statements of a caller.
            and other.state_change < clock_timestamp() - interval '2 seconds',
            false
        )
    limit 1;
    if holder is null then
        perform pg_advisory_lock(lock_key, pg_backend_pid());
    end if;
    return holder;
end;
$$;

comment on function api.take_job_lock(text) is
    'Takes the lock of a job for this session and answers null, or says which session has it.';
grant execute on function api.take_job_lock(text) to groundswell_service;
