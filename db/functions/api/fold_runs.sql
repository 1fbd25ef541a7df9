-- Store the runs whose time for every run is over by themselves, without what their scores are made
-- of: that is five sixths of an entry, and nothing of it repeats.
-- Source: api.stored_place, core.storage_policy. Feeds: core.ranking_snapshot, api.thin_runs.
-- Keeps: order, places before, scores and counts are those of the run. The newest run of a ranking
-- stays as it is, as the next one is held against it.
create function api.fold_runs(as_of timestamptz)
returns void
language sql volatile
set jit = off
begin atomic
update core.ranking_snapshot as stored
set
    entries = whole.entries,
    base_run_id = null,
    gone = null,
    written = 0
from (
    select
        place.run_id,
        place.segment,
        array_agg(
            (
                place.subject, place.item_id, place.score, place.views, place.likes,
                place.comments, place.shares, null
            )::core.ranking_entry
            order by place.rank
        ) as entries
    from api.stored_place as place
    where
        place.run_id in (
            select unfolded.run_id
            from core.ranking_snapshot as unfolded
            inner join core.ranking_run as run on unfolded.run_id = run.run_id
            where
                unfolded.base_run_id is not null
                and run.as_of < fold_runs.as_of - (
                    select level.keep_for from core.storage_policy as level
                    where level.level = 'snapshot'
                )
                and exists (
                    select 1
                    from core.ranking_run as later
                    where
                        later.ranking_id = run.ranking_id
                        and (later.as_of, later.run_id) > (run.as_of, run.run_id)
                )
        )
    group by place.run_id, place.segment
) as whole
where stored.run_id = whole.run_id and stored.segment = whole.segment;
end;

comment on function api.fold_runs(timestamptz) is
    'Stores each run that is older than core.storage_policy keeps every run by itself, without '
    'components.';
