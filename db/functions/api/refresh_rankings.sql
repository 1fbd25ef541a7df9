-- Score what is new and take a snapshot of every enabled ranking now, or of some, whatever their
-- schedules. Source: api.score_events, api.attempt_ranking.
-- Feeds: POST /admin/rankings/refresh; notifies ranking_run.
-- Keeps: what api.run_rankings does when forced, but in the transaction of the caller, who needs
-- isolation level repeatable read: a function, unlike a procedure that commits, can run with the
-- rights of its owner, and the API has none on scores. No row where the job is running already. A
-- ranking that fails keeps its last snapshot, stops no other, and says why.
create function api.refresh_rankings(
    as_of timestamptz, names text[] default '{}', daily boolean default false
)
returns table (ranking text, run_id bigint, entries integer, is_new boolean, error text)
language plpgsql volatile
security definer
set search_path = pg_catalog
as $$
declare
    ledger_id bigint;
    wanted core.ranking;
    fault text;
    scored bigint;
    leave_at constant timestamptz := clock_timestamp() + interval '5 seconds';
    wrong text;
begin
    select given.name into wrong
    from unnest(names) as given (name)
    where not exists (select 1 from core.ranking as r where r.name = given.name);
    if wrong is not null then
        raise exception using
            errcode = 'no_data_found', message = format('there is no ranking %L', wrong);
    end if;
    select r.name into wrong
    from core.ranking as r
    where r.name = any(names) and not r.enabled;
    if wrong is not null then
        raise exception using
            errcode = 'check_violation', message = format('ranking %s is not enabled', wrong);
    end if;

    ledger_id := api.start_job('run_rankings');
    if ledger_id is null then
        return;
    end if;
    perform api.skip_used_ids();
    -- A slice: what waits beyond it is left to the job.
    scored := (select slice.scored from api.score_events(as_of) as slice);
    while exists (select from core.recount) and clock_timestamp() < leave_at loop
        perform api.continue_recounts();
    end loop;

    for wanted in
        select r.*
        from core.ranking as r
        where
            r.enabled
            and (
                (names = '{}' and not daily)
                or r.name = any(names)
                or (
                    daily
                    and exists (
                        select 1
                        from core.daily_ranking as member
                        where member.ranking_id = r.ranking_id
                    )
                )
            )
        order by r.ranking_id
    loop
        ranking := wanted.name;
        if wanted.formula = 'weighted_decay' and not exists (
            select 1
            from core.ranking_state as state
            where state.ranking_id = wanted.ranking_id and state.weights is not null
        ) then
            is_new := false;
            error := format('%s: its events are still being counted', wanted.name);
        else
            select attempt.is_new, attempt.error
            into refresh_rankings.is_new, refresh_rankings.error
            from api.attempt_ranking(api.ranking_in_force(wanted), as_of) as attempt;
        end if;
        fault := concat_ws('; ', fault, error);
        run_id := null;
        entries := null;
        select
            run.run_id,
            (
                select count(*)
                from api.stored_place as place
                where place.run_id = run.run_id and place.segment = ''
            )
        into refresh_rankings.run_id, refresh_rankings.entries
        from api.newest_run as run
        where run.ranking_id = wanted.ranking_id;
        return next;
    end loop;

    perform api.finish_job('run_rankings', ledger_id, scored, nullif(fault, ''));
    perform pg_notify('ranking_run', as_of::text);
end;
$$;

comment on function api.refresh_rankings(timestamptz, text[], boolean) is
    'Scores new events and stores a snapshot of every enabled ranking, or of those named and, if '
    'daily, of those in core.daily_ranking; answers its newest run, how many places it has, '
    'whether it is new, and what failed. Raises no_data_found for an unknown name. '
    'Stable.';
revoke execute on function api.refresh_rankings(timestamptz, text[], boolean) from public;
grant execute on function api.refresh_rankings(timestamptz, text[], boolean)
to groundswell_service;
