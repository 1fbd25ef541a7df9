-- Whether the newest snapshot of a ranking holds an item that has been excluded since.
-- Source: api.newest_run, api.stored_place, api.exclusion_in_force. Feeds: api.run_rankings.
-- Keeps: where nothing is excluded, no snapshot is looked at.
create function api.holds_excluded(ranking_id integer)
returns boolean
language plpgsql stable
set jit = off
as $$
begin
    return exists (
        select 1 from api.exclusion_in_force as excluded
    ) and exists (
        select 1
        from api.newest_run as newest
        inner join api.stored_place as entry on newest.run_id = entry.run_id
        inner join api.exclusion_in_force as excluded on entry.item_id = excluded.item_id
        where newest.ranking_id = holds_excluded.ranking_id
    );
end;
$$;

comment on function api.holds_excluded(integer) is
    'True if an item of the ranking''s newest snapshot is excluded now.';
