-- Recount one ranking, or the windows where it is null, and mend what differs.
-- Source: api.drifted_scores, api.drifted_windows. Feeds: api.reconcile, api.recompute_stats.
-- Keeps: begins and ends outside of transactions; leaves no lock behind where mending fails.
create procedure api.reconcile_one(
    ranking core.ranking, as_of timestamptz, inout step bigint, inout fault text
)
language plpgsql
as $$
declare
    name constant text := coalesce(ranking.name, 'windows');
begin
    commit;
    step := 0;
    if ranking.ranking_id is not null
        and not exists (select from api.drifted_scores(ranking))
        or ranking.ranking_id is null and not exists (select from api.drifted_windows())
    then
        return;
    end if;
    commit;
    while api.take_job_lock('run_rankings') is not null loop
        perform pg_sleep(0.1);
        commit;
    end loop;
    commit;
    set transaction isolation level repeatable read;
    begin
        perform api.score_events(as_of);
        if ranking.ranking_id is null then
            step := api.mend_windows();
        else
            step := api.mend_scores(ranking);
        end if;
        if step > 0 then
            fault := concat_ws('; ', nullif(fault, ''), format('%s: %s differed', name, step));
        end if;
    exception when others then
        fault := concat_ws('; ', nullif(fault, ''), format('%s: %s', name, sqlerrm));
    end;
    commit;
    perform api.release_job_lock('run_rankings');
    commit;
end;
$$;

comment on procedure api.reconcile_one (core.ranking, timestamptz, bigint, text) is
    'Mends one ranking or the windows; adds to fault what differed or failed.';
