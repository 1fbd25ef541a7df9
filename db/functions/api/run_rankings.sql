-- Score what is new and take a snapshot of every ranking that is due.
-- Source: core.score_feed, core.ranking. Feeds: core.ranking_run; notifies ranking_run.
-- Keeps: one run at a time; a ranking that fails keeps its last snapshot and stops no other. Where
-- scoring fails, all keep theirs.
create procedure api.run_rankings(
    as_of timestamptz default now(), forced boolean default false
)
language plpgsql
as $$
declare
    ledger_id bigint;
    ranking core.ranking;
    fault text;
    scored bigint := 0;
begin
    ledger_id := api.start_job('run_rankings');
    if ledger_id is null then
        return;
    end if;
    perform api.skip_used_ids();
    commit;

    set transaction isolation level repeatable read;
    begin
        scored := api.score_events(as_of);
    exception when others then
        fault := format('scoring: %s', sqlerrm);
    end;
    commit;
    perform api.note_births();
    commit;

    for ranking in
        select r.*
        from core.ranking as r
        left join core.ranking_state as state on r.ranking_id = state.ranking_id
        where
            r.enabled
            -- Snapshots of windows that have not moved on would say what is not so.
            and fault is null
            and (
                forced
                or api.ranking_due(
                    r.schedule, r.zone, coalesce(state.checked_at, '-infinity'), as_of
                )
                -- Yesterday's list is not today's, whatever the schedule says.
                or exists (
                    select from core.window_position as turned
                    where
                        turned."window" = r."window"
                        and turned.turned_at > state.checked_at
                )
                -- A changed row is live at the next run, whatever its schedule.
                or api.ranking_parameters(r) is distinct from (
                    select run.parameters
                    from api.newest_run as run
                    where run.ranking_id = r.ranking_id
                )
                -- An excluded item leaves a list that holds it, whatever its schedule.
                or api.holds_excluded(r.ranking_id)
            )
        order by r.ranking_id
    loop
        -- What fails stands in core.ranking_state: one ranking is not the job.
        perform api.attempt_ranking(ranking, as_of);
        commit;
    end loop;

    perform api.finish_job('run_rankings', ledger_id, scored, fault);
    perform pg_notify('ranking_run', as_of::text);
    commit;
end;
$$;

comment on procedure api.run_rankings (timestamptz, boolean) is
    'Scores new events and stores a snapshot of every ranking that is due, or of all if forced; '
    'its ledger line counts events.';
