-- Compute one ranking and store what came out as a new immutable snapshot.
-- Source: api.weighted_decay, api.window_counts. Feeds: core.ranking_run, core.ranking_snapshot.
create function api.run_ranking(ranking core.ranking, as_of timestamptz)
returns integer
language sql volatile
set jit = off
begin atomic
with previous as (
    select
        entry.item_id,
        entry.ordinality::integer as rank
    from core.ranking_snapshot as snapshot
    cross join lateral unnest(snapshot.entries) with ordinality as entry
    where
        snapshot.segment = ''
        and snapshot.run_id = (
            select run.run_id
            from core.ranking_run as run
            where run.ranking_id = (ranking).ranking_id
            order by run.as_of desc, run.run_id desc
            limit 1
        )
),

top as materialized (
    select
        scored.item_id,
        scored.score,
        scored.components
    from api.weighted_decay(ranking, run_ranking.as_of) as scored
),

entry as (
    select
        top.score,
        top.item_id,
        (
            top.item_id,
            previous.rank,
            top.score,
            coalesce(counts.views, 0),
            coalesce(counts.likes, 0),
            coalesce(counts.comments, 0),
            coalesce(counts.shares, 0),
            top.components
        )::core.ranking_entry as place
    from top
    left join previous on top.item_id = previous.item_id
    left join api.window_counts(
        (select array_agg(top.item_id) from top),
        api.window_start((ranking)."window", run_ranking.as_of),
        run_ranking.as_of
    ) as counts
        on top.item_id = counts.item_id
),

run as (
    insert into core.ranking_run (ranking_id, as_of, finished_at, parameters)
    values (
        (ranking).ranking_id, run_ranking.as_of, clock_timestamp(), to_jsonb(ranking)
    )
    returning ranking_run.run_id
),

snapshot as (
    insert into core.ranking_snapshot (run_id, segment, entries)
    select
        run.run_id,
        '',
        coalesce(
            (select array_agg(entry.place order by entry.score desc, entry.item_id) from entry),
            '{}'
        )
    from run
    returning cardinality(ranking_snapshot.entries) as size
)

select snapshot.size from snapshot;
end;

comment on function api.run_ranking (core.ranking, timestamptz) is
    'Stores a new run of one ranking; answers how many entries it has.';
