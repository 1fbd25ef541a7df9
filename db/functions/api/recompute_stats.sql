-- Rebuild every level of aggregates for the day or month that was asked for, and then the windows.
-- Source: core.recompute, core.event, core.aggregate_level.
-- Feeds: agg.*, core.item_window, core.audit.
-- Keeps: only api.refresh_aggregates may call it, under its lock: of two refreshes of one aggregate
-- the second fails. No chunk is dropped meanwhile, and no day touched whose raw events are gone. A
-- request that was cut off is begun anew, three times at most.
create procedure api.recompute_stats(as_of timestamptz)
language plpgsql
as $$
declare
    wanted core.recompute;
    fault text;
    level record;
    step record;
    first timestamptz;
    after timestamptz;
    touched bigint;
    mended bigint;
    drifted bigint;
    windows_fault text;
begin
    select request.* into wanted from core.recompute as request where request.finished_at is null;
    if wanted.recompute_id is null
        or api.take_job_lock('maintain_storage') is not null
    then
        return;
    end if;
    update core.recompute as request
    set attempts = request.attempts + 1, started_at = clock_timestamp()
    where request.recompute_id = wanted.recompute_id;
    commit;

    fault := case when wanted.attempts >= 3 then 'cut off three times: see the database''s log' end;
    fault := coalesce(fault, api.recompute_fault(wanted.since));
    if fault is null then
        -- Whole days (UTC), of which the day level is made.
        first := date_trunc('day', wanted.since, 'UTC');
        after := date_trunc('day', wanted.until + interval '1 day' - interval '1 second', 'UTC');
        select
            counted.items,
            counted.differing
        into touched, mended
        from api.compare_aggregates(first, after) as counted;
        for level in
            select
                policy.level,
                -- The newest part is left to real-time reads, as every refresh does.
                least(after, time_bucket(width.bucket, as_of - policy.refresh_lag)) as until
            from core.aggregate_level as width
            inner join core.storage_policy as policy on width.name = policy.level
            order by width.bucket
        loop
            -- A day at a time, each a transaction of its own.
            for step in
                select day.begins, least(day.begins + interval '1 day', level.until) as ends
                from generate_series(
                    first, level.until - interval '1 microsecond', interval '1 day'
                ) as day (begins)
            loop
                call refresh_continuous_aggregate(
                    format('agg.%I', level.level)::regclass,
                    step.begins,
                    step.ends,
                    force => true,
                    options => '{"buckets_per_batch": 0}'
                );
            end loop;
        end loop;

        call api.reconcile_one(null, as_of, drifted, windows_fault);
        fault := case when drifted = 0 then windows_fault end;
    end if;

    update core.recompute as request
    set
        finished_at = clock_timestamp(),
        items_touched = touched,
        items_mended = mended,
        error = fault
    where request.recompute_id = wanted.recompute_id;
    perform api.end_audit(
        wanted.audit_id,
        case when fault is null then
            jsonb_build_object('itemsTouched', touched, 'itemsMended', mended)
        end,
        fault,
        clock_timestamp()
    );
    perform api.release_job_lock('maintain_storage');
    commit;
end;
$$;

comment on procedure api.recompute_stats (timestamptz) is
    'Does what core.recompute asks for, if anything.';
