-- Score what is new and take a snapshot of every enabled ranking.
-- Source: core.score_feed, core.ranking. Feeds: core.ranking_run; notifies ranking_run.
-- Keeps: one run at a time; a ranking that fails keeps its last snapshot and stops no other.
create procedure api.run_rankings(as_of timestamptz default now())
language plpgsql
as $$
declare
    ledger_id bigint;
    ranking core.ranking;
    fault text;
    row_count bigint := 0;
begin
    ledger_id := api.start_job('run_rankings');
    if ledger_id is null then
        return;
    end if;
    commit;

    -- One snapshot for the feed and the events: see api.sync_ranking_state.
    set transaction isolation level repeatable read;
    begin
        row_count := api.apply_score_feed();
        perform api.sync_ranking_state(as_of);
    exception when others then
        fault := format('scoring: %s', sqlerrm);
    end;
    commit;

    for ranking in
        select r.* from core.ranking as r where r.enabled order by r.ranking_id
    loop
        begin
            perform api.run_ranking(ranking, as_of);
        exception when others then
            fault := concat_ws('; ', fault, format('%s: %s', ranking.name, sqlerrm));
        end;
        commit;
    end loop;

    perform api.finish_job('run_rankings', ledger_id, row_count, fault);
    perform pg_notify('ranking_run', as_of::text);
    commit;
end;
$$;

comment on procedure api.run_rankings (timestamptz) is
    'Scores new events and stores a snapshot of every enabled ranking as of a moment.';
