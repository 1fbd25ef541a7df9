-- Recount every decayed sum and every moving window from the events, and mend what differs.
-- Source: core.event, agg.engagement_1d. Feeds: core.ranking_score, core.item_window, the ledger.
-- Keeps: the ledger's line counts what differed by more than float error; it must be 0 unless rows
-- of core.event were changed by hand. One ranking at a time, each in a transaction of its own.
-- Scoring goes on meanwhile: scores, windows and the feed of one moment are read, which agree as
-- scoring changes them in one transaction. Only a slice of what is mended waits for it. Where
-- events were changed on purpose, a difference is no error, and another run is waited for. as_of is
-- there as in every job: a recount asks for no time.
create procedure api.reconcile(
    as_of timestamptz default now(), is_expected boolean default false
)
language plpgsql
as $$
declare
    ledger_id bigint;
    ranking core.ranking;
    drifted bigint := 0;
    step bigint;
    differing text;
    fault text;
begin
    loop
        ledger_id := api.start_job('reconcile');
        commit;
        exit when ledger_id is not null or not is_expected;
        perform pg_sleep(0.5);
    end loop;
    if ledger_id is null then
        return;
    end if;
    if is_expected then
        -- What is being counted anew may have missed the change: it begins again.
        while api.take_job_lock('run_rankings') is not null loop
            commit;
            perform pg_sleep(0.1);
        end loop;
        delete from core.recount;
        perform api.release_job_lock('run_rankings');
        commit;
    end if;
    for ranking in
        select r.*
        from core.ranking as r
        inner join core.ranking_state as state on r.ranking_id = state.ranking_id
        where state.weights is not null
        order by r.ranking_id
    loop
        call api.reconcile_one(api.ranking_in_force(ranking), step, fault);
        drifted := drifted + step;
        if step > 0 then
            differing := concat_ws('; ', differing, format('%s: %s differed', ranking.name, step));
        end if;
    end loop;
    call api.reconcile_one(null, step, fault);
    drifted := drifted + step;
    if step > 0 then
        differing := concat_ws('; ', differing, format('windows: %s differed', step));
    end if;
    fault := nullif(concat_ws('; ', case when not is_expected then differing end, fault), '');
    perform api.finish_job('reconcile', ledger_id, drifted, fault);
    commit;
end;
$$;

comment on procedure api.reconcile (timestamptz, boolean) is
    'Proves that all scores equal a recount, or mends them; its ledger line counts what differed, '
    'which is an error unless is_expected. '
    'Stable.';
