-- Recount every decayed sum and every moving window from the events, and mend what differs.
-- Source: core.event, agg.engagement_1d. Feeds: core.ranking_score, core.item_window, the ledger.
-- Keeps: the ledger's line counts what differed by more than float error; it must be 0 unless rows
-- of core.event were changed by hand. Waits for no one: leaves at once if rankings are being run.
create procedure api.reconcile(as_of timestamptz default now())
language plpgsql
as $$
declare
    holder text;
    ledger_id bigint;
    ranking core.ranking;
    drifted bigint := 0;
    step bigint;
    fault text;
begin
    -- The lock of the scoring job, too: its state must stand still.
    holder := api.take_job_lock('run_rankings');
    if holder is not null then
        insert into core.job_run (job, started_at, error)
        values ('reconcile', clock_timestamp(), 'skipped: run_rankings is run by ' || holder);
        return;
    end if;
    ledger_id := api.start_job('reconcile');
    if ledger_id is not null then
        commit;
        set transaction isolation level repeatable read;
        begin
            perform api.score_events(as_of);
            for ranking in
                select r.*
                from core.ranking as r
                inner join core.ranking_state as state on r.ranking_id = state.ranking_id
                where state.weights is not null
                order by r.ranking_id
            loop
                step := api.mend_scores(ranking);
                drifted := drifted + step;
                if step > 0 then
                    fault := concat_ws('; ', fault, format('%s: %s differed', ranking.name, step));
                end if;
            end loop;
            step := api.mend_windows();
            drifted := drifted + step;
            if step > 0 then
                fault := concat_ws('; ', fault, format('windows: %s differed', step));
            end if;
        exception when others then
            fault := sqlerrm;
        end;
        commit;
        perform api.finish_job('reconcile', ledger_id, drifted, fault);
    end if;
    perform api.release_job_lock('run_rankings');
    commit;
end;
$$;

comment on procedure api.reconcile (timestamptz) is
    'Proves that all scores equal a recount, or mends them; its ledger line counts what differed.';
