-- Run one ranking, and note that its schedule has been followed, or why not.
-- Source: api.run_ranking. Feeds: api.run_rankings, api.refresh_rankings.
-- Keeps: a ranking that fails keeps its last snapshot and stops no other; it is tried again at the
-- next run of the job.
create function api.attempt_ranking(
    ranking core.ranking, as_of timestamptz, out is_new boolean, out error text
)
language plpgsql volatile
as $$
begin
    is_new := api.run_ranking(ranking, as_of) = 1;
    insert into core.ranking_state as state (ranking_id, checked_at)
    values (ranking.ranking_id, as_of)
    on conflict (ranking_id) do update set checked_at = excluded.checked_at;
exception when others then
    is_new := false;
    error := format('%s: %s', ranking.name, sqlerrm);
end;
$$;

comment on function api.attempt_ranking(core.ranking, timestamptz) is
    'Runs one ranking: whether it stored a new snapshot, and what failed, or null.';
