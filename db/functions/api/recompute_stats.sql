-- Rebuild every level of aggregates for the day or month that was asked for, and then the windows.
-- Source: core.recompute, api.rebuild_day.
-- Feeds: agg.*, core.item_window, core.audit.
-- Keeps: only api.refresh_aggregates may call it, under its lock: of two refreshes of one aggregate
-- the second fails. No chunk is dropped meanwhile, and no day touched whose raw events are gone. It
-- works for some seconds and leaves the other days to the next run, so that it holds up nothing for
-- long, also where there is but one connection; a day that was cut off is begun anew, three times
-- at most.
create procedure api.recompute_stats(
    as_of timestamptz, work_for interval default interval '5 seconds'
)
language plpgsql
as $$
declare
    leave_at constant timestamptz := clock_timestamp() + work_for;
    wanted core.recompute;
    fault text;
    -- Whole days (UTC), of which the day level is made.
    day timestamptz;
    after timestamptz;
    drifted bigint;
begin
    select request.* into wanted from core.recompute as request where request.finished_at is null;
    if wanted.recompute_id is null
        or api.take_job_lock('maintain_storage') is not null
    then
        return;
    end if;
    day := coalesce(wanted.rebuilt_until, date_trunc('day', wanted.since, 'UTC'));
    after := date_trunc('day', wanted.until + interval '24 hours' - interval '1 second', 'UTC');
    after := least(after, date_trunc('day', as_of, 'UTC') + interval '24 hours');
    update core.recompute as request
    set
        attempts = request.attempts + 1,
        started_at = coalesce(request.started_at, clock_timestamp())
    where request.recompute_id = wanted.recompute_id;
    commit;

    fault := case when wanted.attempts >= 3 then 'cut off three times: see the database''s log' end;
    fault := coalesce(fault, api.recompute_fault(greatest(wanted.since, day)));
    if fault is null and wanted.items_touched is null then
        update core.recompute as request
        set items_touched = counted.items, items_mended = counted.differing
        from api.compare_aggregates(day, after) as counted
        where request.recompute_id = wanted.recompute_id;
        commit;
    end if;
    while fault is null and day < after loop
        if clock_timestamp() > leave_at then
            update core.recompute as request set attempts = 0
            where request.recompute_id = wanted.recompute_id;
            perform api.release_job_lock('maintain_storage');
            commit;
            return;
        end if;
        call api.rebuild_day(day, as_of);
        day := day + interval '24 hours';
        update core.recompute as request set rebuilt_until = day
        where request.recompute_id = wanted.recompute_id;
        commit;
    end loop;

    if fault is null then
        call api.reconcile_one(null, drifted, fault);
    end if;

    update core.recompute as request
    set finished_at = clock_timestamp(), error = fault
    where request.recompute_id = wanted.recompute_id
    returning request.* into wanted;
    perform api.end_audit(
        wanted.audit_id,
        case when fault is null then
            jsonb_build_object(
                'itemsTouched', wanted.items_touched, 'itemsMended', wanted.items_mended
            )
        end,
        fault,
        clock_timestamp()
    );
    perform api.release_job_lock('maintain_storage');
    commit;
end;
$$;

comment on procedure api.recompute_stats (timestamptz, interval) is
    'Does what core.recompute asks for, if anything, for about so long.';
