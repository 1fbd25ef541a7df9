-- Recount one ranking, or the windows where it is null, and mend what differs.
-- Source: api.drifted_scores, api.drifted_windows. Feeds: api.reconcile, api.recompute_stats,
-- api.correct.
-- Keeps: begins and ends outside of transactions. The recount reads one snapshot and holds nobody
-- off; what is to be mended goes in slices, each committed, under the lock of the scoring job,
-- which gets its turn between two. What cannot be told because events have come since is looked at
-- again, and once more. Leaves no lock behind where mending fails.
create procedure api.reconcile_one(ranking core.ranking, inout step bigint, inout fault text)
language plpgsql
as $$
declare
    name constant text := coalesce(ranking.name, 'windows');
    slice record;
    unsure bigint;
begin
    commit;
    step := 0;
    for look in 1..3 loop
        unsure := 0;
        for slice in
            select
                array_agg(part.drift) as scores,
                null::core.window_drift [] as windows,
                count(*) as size
            from (
                select
                    drift,
                    (row_number() over () - 1) / 20000 as slice
                from api.drifted_scores(ranking) as drift
                where ranking.ranking_id is not null
            ) as part
            group by part.slice
            union all
            select
                null,
                array_agg(part.drift),
                count(*)
            from (
                select
                    drift,
                    (row_number() over () - 1) / 20000 as slice
                from api.drifted_windows() as drift
                where ranking.ranking_id is null
            ) as part
            group by part.slice
        loop
            commit;
            while api.take_job_lock('run_rankings') is not null loop
                commit;
                perform pg_sleep(0.1);
            end loop;
            commit;
            begin
                if ranking.ranking_id is null then
                    unsure := unsure + api.mend_windows(slice.windows);
                else
                    unsure := unsure + api.mend_scores(ranking, slice.scores);
                end if;
                step := step + slice.size;
            exception when others then
                fault := concat_ws('; ', nullif(fault, ''), format('%s: %s', name, sqlerrm));
            end;
            perform api.release_job_lock('run_rankings');
            commit;
        end loop;
        exit when unsure = 0;
    end loop;
    commit;
end;
$$;

comment on procedure api.reconcile_one (core.ranking, bigint, text) is
    'Mends one ranking or the windows; answers how many rows differed, and adds to fault what '
    'failed.';
