-- Whether the newest snapshot of a ranking holds an item that has been excluded since.
-- Source: core.ranking_snapshot, core.item_exclusion. Feeds: api.run_rankings.
-- Keeps: where nothing is excluded, no snapshot is looked at.
create function api.holds_excluded(ranking_id integer)
returns boolean
language plpgsql stable
set jit = off
as $$
begin
    return exists (
        select 1 from core.item_exclusion as excluded where excluded.lifted_at is null
    ) and exists (
        select 1
        from (
            select run.run_id
            from core.ranking_run as run
            where run.ranking_id = holds_excluded.ranking_id
            order by run.as_of desc, run.run_id desc
            limit 1
        ) as newest
        inner join core.ranking_snapshot as snapshot on newest.run_id = snapshot.run_id
        cross join lateral unnest(snapshot.entries) as entry
        inner join core.item_exclusion as excluded
            on entry.item_id = excluded.item_id and excluded.lifted_at is null
    );
end;
$$;

comment on function api.holds_excluded(integer) is
    'True if an item of the ranking''s newest snapshot is excluded now.';
