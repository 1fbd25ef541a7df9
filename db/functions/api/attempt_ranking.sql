-- Run one ranking, and note that its schedule has been followed, or why not.
-- Source: api.run_ranking, api.newest_run.
-- Feeds: api.run_rankings, api.refresh_rankings, core.ranking_state.
-- Keeps: a ranking that fails keeps its last snapshot and stops no other; it is tried again at the
-- next run of the job.
create function api.attempt_ranking(
    ranking core.ranking, as_of timestamptz, out is_new boolean, out error text
)
language plpgsql volatile
as $$
declare
    began constant timestamptz := clock_timestamp();
begin
    is_new := api.run_ranking(ranking, as_of) = 1;
    insert into core.ranking_state as state (ranking_id, checked_at, took, entry_count)
    select
        ranking.ranking_id,
        attempt_ranking.as_of,
        clock_timestamp() - began,
        (
            select count(*)
            from api.newest_run as run
            inner join api.stored_place as place on run.run_id = place.run_id
            where run.ranking_id = ranking.ranking_id and place.segment = ''
        )
    on conflict (ranking_id) do update set
        checked_at = excluded.checked_at,
        took = excluded.took,
        entry_count = excluded.entry_count,
        error = null;
exception when others then
    is_new := false;
    error := format('%s: %s', ranking.name, sqlerrm);
    insert into core.ranking_state as state (ranking_id, checked_at, took, error)
    values (ranking.ranking_id, '-infinity', clock_timestamp() - began, sqlerrm)
    on conflict (ranking_id) do update set took = excluded.took, error = excluded.error;
end;
$$;

comment on function api.attempt_ranking(core.ranking, timestamptz) is
    'Runs one ranking: whether it stored a new snapshot, and what failed, or null.';
