-- Drop what is past its keeping, and move what has grown cold to the columnstore.
-- Source: core.storage_policy, core.aggregate_level, core.time_window, core.alert_policy.
-- Feeds: core.event, agg.*, core.ranking_run, core.claimed_id, core.alert, core.job_run.
-- Keeps: a chunk goes only when all of it is past, the next level has counted all of it, and every
-- event in it has left the moving windows (api.move_windows reads it once more then). How far that
-- has come is noted first, and in the same transaction: see api.hold_raw_events. Old runs are
-- thinned to one an hour, and the newest of a ranking is never dropped.
create procedure api.maintain_storage(as_of timestamptz default now())
language plpgsql
as $$
declare
    ledger_id bigint;
    policy record;
    chunk regclass;
    since timestamptz;
    border timestamptz;
    touched bigint := 0;
    fault text;
begin
    ledger_id := api.start_job('maintain_storage');
    if ledger_id is null then
        return;
    end if;
    commit;

    -- Old events may have come in since the last refresh.
    call api.refresh_aggregates(as_of, forced => true);

    for policy in
        select
            level.level,
            level.keep_for,
            next_level.name as next_level,
            next_level.bucket as next_bucket,
            least(
                maintain_storage.as_of - level.keep_for,
                case level.level when 'event' then longest.since end
            ) as droppable,
            level.columnstore_after,
            coalesce(
                aggregate.materialization_hypertable_schema || '.'
                || aggregate.materialization_hypertable_name,
                'core.event'
            )::regclass as hypertable,
            case level.level when 'event' then 'core.event' else 'agg.' || level.level end::regclass
                as relation
        from core.storage_policy as level
        left join timescaledb_information.continuous_aggregates as aggregate
            on aggregate.view_schema = 'agg' and level.level = aggregate.view_name
        left join core.aggregate_level as next_level on level.level = next_level.source
        left join core.window_position as longest
            on longest."window" = (
                select known.name from core.time_window as known
                where known.length is not null
                order by known.length desc
                limit 1
            )
        where level.level not in ('snapshot', 'snapshot_hourly', 'claimed_id')
        order by level.level
    loop
        border := (
            select max(stored.range_end)
            from timescaledb_information.chunks as stored
            where
                format('%I.%I', stored.hypertable_schema, stored.hypertable_name)::regclass
                = policy.hypertable
                and stored.range_end <= policy.droppable
        );
        if border is not null then
            since := api.dropped_before(policy.level);
            -- Waits for those who are inserting late events just now (api.hold_raw_events).
            perform pg_advisory_xact_lock(hashtextextended('groundswell retention', 0));
            update core.storage_policy as level
            set dropped_before = greatest(level.dropped_before, border)
            where level.level = policy.level;
            if exists (
                select 1
                from api.changed_ranges(policy.next_level, policy.next_bucket, since, border)
            ) then
                rollback;
                fault := concat_ws('; ', fault, format(
                    '%s: nothing dropped, as %s has not counted all of it',
                    policy.level, policy.next_level
                ));
            else
                touched := touched + (
                    select count(*)
                    from drop_chunks(policy.relation, older_than => border)
                );
                commit;
            end if;
        end if;
        for chunk in
            select format('%I.%I', stored.chunk_schema, stored.chunk_name)::regclass
            from timescaledb_information.chunks as stored
            where
                format('%I.%I', stored.hypertable_schema, stored.hypertable_name)::regclass
                = policy.hypertable
                and not stored.is_compressed
                and stored.range_end < maintain_storage.as_of - policy.columnstore_after
            order by stored.range_start
        loop
            begin
                perform compress_chunk(chunk, if_not_compressed => true);
                touched := touched + 1;
            exception when others then
                fault := concat_ws('; ', fault, format('%s: %s', chunk, sqlerrm));
            end;
            commit;
        end loop;
    end loop;

    delete from core.ranking_run as run
    using (
        select
            kept.run_id,
            kept.as_of as held_at,
            row_number() over (
                partition by kept.ranking_id, date_trunc('hour', kept.as_of)
                order by kept.as_of desc, kept.run_id desc
            ) as place_in_hour,
            row_number() over (
                partition by kept.ranking_id order by kept.as_of desc, kept.run_id desc
            ) as place
        from core.ranking_run as kept
    ) as ranked
    where
        run.run_id = ranked.run_id
        and ranked.place > 1
        and (
            (
                ranked.place_in_hour > 1
                and ranked.held_at < maintain_storage.as_of - (
                    select level.keep_for from core.storage_policy as level
                    where level.level = 'snapshot'
                )
            )
            or ranked.held_at < maintain_storage.as_of - (
                select level.keep_for from core.storage_policy as level
                where level.level = 'snapshot_hourly'
            )
        );
    delete from core.claimed_id as claimed
    where
        claimed.claimed_at < maintain_storage.as_of - (
            select level.keep_for from core.storage_policy as level
            where level.level = 'claimed_id'
        );
    perform api.prune_alerts(as_of);
    delete from core.job_run as run where run.started_at < maintain_storage.as_of - interval '7 days';
    commit;
    if to_regclass('cron.job_run_details') is not null then
        -- pg_cron keeps every run for ever unless told not to.
        delete from cron.job_run_details as detail where detail.end_time < maintain_storage.as_of - interval '7 days';
    end if;

    perform api.finish_job('maintain_storage', ledger_id, touched, fault);
    commit;
end;
$$;

comment on procedure api.maintain_storage (timestamptz) is
    'Applies retention and columnstore settings, thins old snapshots, prunes ids, alerts and '
    'ledgers; its ledger line counts chunks.';
