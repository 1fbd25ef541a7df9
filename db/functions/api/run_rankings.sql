-- Score what is new and take a snapshot of every ranking that is due.
-- Source: core.score_feed, core.ranking. Feeds: core.ranking_run; notifies ranking_run.
-- Keeps: one run at a time; a ranking that fails keeps its last snapshot and stops no other. Where
-- scoring fails, all keep theirs. A backlog of events and recounts go in slices, each committed,
-- the newest events first, until it is time to make lists: the next run goes on with them. A
-- ranking that is new has no list before its events are counted. A window that is on its way has
-- lists of the part that it holds, but for breakout, which keeps its last.
create procedure api.run_rankings(
    as_of timestamptz default now(), forced boolean default false, work_for interval default null
)
language plpgsql
as $$
declare
    ledger_id bigint;
    ranking core.ranking;
    fault text;
    unclosed text;
    closes boolean;
    scored bigint := 0;
    slice record;
    at_most integer := 50000;
    began timestamptz;
    took interval;
    -- The embedded engine has one session, which serves nobody meanwhile.
    leave_at constant timestamptz := clock_timestamp() + coalesce(
        work_for,
        case
            when exists (select from pg_stat_activity where backend_type = 'checkpointer')
                then interval '30 seconds'
            else interval '3 seconds'
        end
    );
begin
    ledger_id := api.start_job('run_rankings');
    if ledger_id is null then
        return;
    end if;
    perform api.skip_used_ids();
    commit;

    -- As many at once as take some seconds: in large slices each event costs less.
    loop
        commit;
        set transaction isolation level repeatable read;
        began := clock_timestamp();
        begin
            select * into slice from api.score_events(as_of, at_most);
            scored := scored + slice.scored;
        exception when others then
            fault := format('scoring: %s', sqlerrm);
        end;
        commit;
        took := clock_timestamp() - began;
        -- By itself: where the first slice fails, nothing is known of it.
        exit when fault is not null;
        exit when not slice.has_more or clock_timestamp() + took > leave_at;
        at_most := case
            when took < interval '2 seconds' then least(2 * at_most, 1000000)
            when took > interval '5 seconds' then greatest(at_most / 2, 5000)
            else at_most
        end;
    end loop;
    while fault is null and exists (select from core.recount) loop
        commit;
        set transaction isolation level repeatable read;
        began := clock_timestamp();
        begin
            perform api.continue_recounts(at_most);
        exception when others then
            fault := format('recounting: %s', sqlerrm);
        end;
        commit;
        took := clock_timestamp() - began;
        exit when clock_timestamp() + took > leave_at;
        at_most := case
            when took < interval '2 seconds' then least(2 * at_most, 1000000)
            when took > interval '5 seconds' then greatest(at_most / 2, 5000)
            else at_most
        end;
    end loop;
    perform api.note_births();
    commit;
    perform api.drop_old_scores();
    commit;
    -- Lists do without: what fails here stops none.
    while fault is null loop
        begin
            closes := api.close_viewers(as_of);
        exception when others then
            unclosed := format('viewers: %s', sqlerrm);
        end;
        commit;
        exit when unclosed is not null or not closes or clock_timestamp() > leave_at;
    end loop;

    for ranking in
        select r.*
        from core.ranking as r
        left join core.ranking_state as state on r.ranking_id = state.ranking_id
        where
            r.enabled
            -- Snapshots of windows that have not moved on would say what is not so.
            and fault is null
            and (r.formula <> 'weighted_decay' or state.weights is not null)
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
                or api.ranking_parameters(r, as_of) is distinct from (
                    select run.parameters
                    from api.newest_run as run
                    where run.ranking_id = r.ranking_id
                )
                -- An excluded item leaves a list that holds it, whatever its schedule.
                or api.holds_excluded(r.ranking_id)
            )
            -- Beside a window that is not whole yet, everything grows.
            and not (
                r.formula = 'breakout'
                and exists (
                    select from core.window_position as moving
                    inner join core.time_window as spanned on r."window" = spanned.name
                    where
                        moving."window" in (spanned.name, spanned.longer)
                        and moving.since <> moving.wanted_since
                )
            )
        order by r.ranking_id
    loop
        -- What fails stands in core.ranking_state: one ranking is not the job.
        perform api.attempt_ranking(api.ranking_in_force(ranking), as_of);
        commit;
    end loop;

    perform api.finish_job('run_rankings', ledger_id, scored, coalesce(fault, unclosed));
    perform pg_notify('ranking_run', as_of::text);
    commit;
end;
$$;

comment on procedure api.run_rankings (timestamptz, boolean, interval) is
    'Scores new events and stores a snapshot of every ranking that is due, or of all if forced; '
    'its ledger line counts events. Scores for work_for, or at least a slice, before it makes '
    'lists. '
    'Stable.';
