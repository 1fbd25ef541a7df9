-- Recount every decayed sum and every moving window from the events, and mend what differs.
-- Source: core.event, agg.engagement_1d. Feeds: core.ranking_score, core.item_window, the ledger.
-- Keeps: the ledger's line counts what differed by more than float error; it must be 0 unless rows
-- of core.event were changed by hand. One ranking at a time, each in a transaction of its own.
-- Scoring goes on meanwhile: scores, windows and the feed of one moment are read, which agree as
-- scoring changes them in one transaction. Only what must be mended waits for it, and holds it off.
create procedure api.reconcile(as_of timestamptz default now())
language plpgsql
as $$
declare
    ledger_id bigint;
    ranking core.ranking;
    drifted bigint := 0;
    step bigint;
    fault text;
begin
    ledger_id := api.start_job('reconcile');
    if ledger_id is null then
        return;
    end if;
    commit;
    for ranking in
        select r.*
        from core.ranking as r
        inner join core.ranking_state as state on r.ranking_id = state.ranking_id
        where state.weights is not null
        order by r.ranking_id
    loop
        call api.reconcile_one(ranking, as_of, step, fault);
        drifted := drifted + step;
    end loop;
    call api.reconcile_one(null, as_of, step, fault);
    drifted := drifted + step;
    perform api.finish_job('reconcile', ledger_id, drifted, nullif(fault, ''));
    commit;
end;
$$;

comment on procedure api.reconcile (timestamptz) is
    'Proves that all scores equal a recount, or mends them; its ledger line counts what differed.';
