-- Change the events of a period, day by day, and make everything right that was counted of them.
-- Source: the DBA. Feeds: core.event, agg.*, core.ranking_score, core.item_window, the ledger.
-- Keeps: each day (UTC) is one transaction for its events and one for each level of aggregates, and
-- then what differs in scores and windows goes in slices, so that a correction of months holds up
-- nobody; one that was cut off is called again. Chunks that it opens are closed by
-- api.maintain_storage. Refuses days whose raw events are gone: what was counted of them cannot be
-- counted again.
create procedure api.correct(
    since timestamptz,
    until timestamptz,
    change text default null,
    as_of timestamptz default now()
)
language plpgsql
as $$
declare
    ledger_id bigint;
    day timestamptz := date_trunc('day', since, 'UTC');
    after constant timestamptz := least(
        until, date_trunc('day', as_of, 'UTC') + interval '24 hours'
    );
    fault text := coalesce(
        case when since >= until then format('since: %s is not before %s', since, until) end,
        case
            when change !~ '\$1.*\$2'
                then 'change: it must have the day''s bounds as parameters, as in: '
                    'delete from core.event where occurred_at >= $1 and occurred_at < $2 and …'
        end,
        api.recompute_fault(since)
    );
    changed bigint := 0;
    step bigint;
    ranking core.ranking;
begin
    if fault is not null then
        raise exception using errcode = 'check_violation', message = fault;
    end if;
    ledger_id := api.start_job('correct');
    if ledger_id is null then
        commit;
        raise exception using
            errcode = 'object_in_use', message = 'another correction is under way';
    end if;
    commit;

    while day < after and fault is null loop
        -- Refreshes and retention go on between two days.
        while api.take_job_lock('refresh_aggregates') is not null
            or api.take_job_lock('maintain_storage') is not null
        loop
            perform api.release_job_lock('refresh_aggregates');
            commit;
            perform pg_sleep(0.1);
        end loop;
        commit;
        begin
            perform api.hold_raw_events(greatest(since, day));
            if change is not null then
                perform set_config(
                    'timescaledb.max_tuples_decompressed_per_dml_transaction', '0', true
                );
                execute change using
                    greatest(since, day), least(until, day + interval '24 hours');
                get diagnostics step = row_count;
                changed := changed + step;
            end if;
        exception when others then
            fault := format('%s: %s', (day at time zone 'UTC')::date, sqlerrm);
        end;
        commit;
        if fault is null then
            call api.rebuild_day(day, as_of);
            call api.rebuild_discounts((day at time zone 'UTC')::date);
        end if;
        perform api.release_job_lock('maintain_storage');
        perform api.release_job_lock('refresh_aggregates');
        commit;
        day := day + interval '24 hours';
    end loop;

    -- Also of the days before one that failed.
    call api.reconcile(as_of, is_expected => true);
    perform api.finish_job('correct', ledger_id, changed, fault);
    commit;
    if fault is not null then
        raise exception using errcode = 'check_violation', message = fault;
    end if;
end;
$$;

comment on procedure api.correct (timestamptz, timestamptz, text, timestamptz) is
    'Runs a statement over each day of a period, $1 and $2 being its bounds, then counts these '
    'days anew, and corrects scores and windows; without a statement, does so for what was changed '
    'already. Its ledger line counts events. '
    'Stable.';
