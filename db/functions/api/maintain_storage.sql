-- Drop what is past its keeping, and move what has grown cold to the columnstore.
-- Source: core.storage_policy, core.time_window.
-- Feeds: core.event, agg.*, core.claimed_id, core.viewer_day, core.upload, core.job_run.
-- Keeps: a chunk goes only when all of it is past, the next level has counted all of it
-- (api.drop_counted), and every event in it has left the moving windows (api.move_windows reads it
-- once more then). A level that fails stops no other. What somebody has in use, as by a transaction
-- that is left open, is left to the next run: the writer and all others would wait behind a wait
-- for a lock on it.
create procedure api.maintain_storage(as_of timestamptz default now())
language plpgsql
as $$
declare
    ledger_id bigint;
    policy record;
    chunk text;
    has_past boolean;
    touched bigint := 0;
    fault text;
    in_use text;
    patience constant text := '500ms';
begin
    ledger_id := api.start_job('maintain_storage');
    if ledger_id is null then
        return;
    end if;
    commit;

    -- Old events may have come in since the last refresh: before anything goes, all of them count.
    has_past := exists (
        select 1
        from api.level_chunks() as stored
        inner join core.storage_policy as kept on stored.level = kept.level
        where stored.ends <= maintain_storage.as_of - kept.keep_for
    );
    call api.refresh_aggregates(as_of, forced => has_past);

    for policy in
        select
            kept.level,
            max(stored.ends) filter (
                where stored.ends <= least(
                    maintain_storage.as_of - kept.keep_for,
                    case kept.level when 'event' then (
                        select min(least(position.since, position.wanted_since))
                        from core.window_position as position
                        inner join core.time_window as known on position."window" = known.name
                        where known.length is not null
                    ) end
                )
            ) as border,
            maintain_storage.as_of - kept.columnstore_after as columnar_before
        from core.storage_policy as kept
        inner join api.level_chunks() as stored on kept.level = stored.level
        group by kept.level
        order by kept.level
    loop
        begin
            if policy.border is not null then
                perform set_config('lock_timeout', patience, true);
                touched := touched + api.drop_counted(policy.level, policy.border);
            end if;
        exception
            when lock_not_available then
                in_use := policy.level;
            when others then
                fault := concat_ws('; ', fault, format('%s: %s', policy.level, sqlerrm));
        end;
        commit;
        exit when in_use is not null;
        for chunk in
            select stored.chunk
            from api.level_chunks() as stored
            where
                stored.level = policy.level
                -- 8: late rows have come in beside the columnar ones.
                and (
                    not stored.is_compressed
                    or _timescaledb_functions.chunk_status(stored.chunk::regclass) & 8 = 8
                )
                and stored.ends < policy.columnar_before
            order by stored.begins
        loop
            begin
                perform set_config('lock_timeout', patience, true);
                perform compress_chunk(chunk::regclass, if_not_compressed => true);
                touched := touched + 1;
            exception
                when lock_not_available then
                    in_use := chunk;
                when others then
                    fault := concat_ws('; ', fault, format('%s: %s', chunk, sqlerrm));
            end;
            commit;
            exit when in_use is not null;
        end loop;
    end loop;

    perform api.thin_runs(as_of);
    delete from core.claimed_id as claimed
    where
        claimed.claimed_at < maintain_storage.as_of - (
            select level.keep_for from core.storage_policy as level
            where level.level = 'claimed_id'
        );
    perform api.prune_alerts(as_of);
    perform api.give_up_outgoing(as_of);
    perform api.drop_uploads(as_of);
    while api.drop_viewer_days(as_of) loop
        commit;
    end loop;
    while api.drop_actor_actions(as_of) loop
        commit;
    end loop;
    delete from core.job_run as run where run.started_at < maintain_storage.as_of - interval '7 days';
    commit;
    if to_regclass('cron.job_run_details') is not null then
        -- pg_cron keeps every run for ever unless told not to.
        delete from cron.job_run_details as detail where detail.end_time < maintain_storage.as_of - interval '7 days';
    end if;

    if in_use is not null then
        fault := concat_ws('; ', fault, format('%s is in use: left to the next run', in_use));
    end if;
    perform api.finish_job('maintain_storage', ledger_id, touched, fault);
    commit;
end;
$$;

comment on procedure api.maintain_storage (timestamptz) is
    'Applies retention and columnstore settings, thins old snapshots, prunes ids, alerts, uploads '
    'and ledgers; its ledger line counts chunks. '
    'Stable.';
