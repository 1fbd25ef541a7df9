-- Delete what actors did on days that are past their keeping.
-- Source: core.storage_policy. Feeds: core.actor_action; api.maintain_storage.
-- Keeps: at most so many rows at once; answers whether there are more. What comes so late that its
-- day is gone begins a new count.
create function api.drop_actor_actions(as_of timestamptz, at_most integer default 50000)
returns boolean
language plpgsql volatile
as $$
declare
    deleted bigint;
begin
    delete from core.actor_action as stored
    using (
        select
            old.day,
            old.item_id,
            old.viewer,
            old.event_type
        from core.actor_action as old
        cross join core.storage_policy as policy
        where
            policy.level = 'actor_action'
            and old.day < ((as_of - policy.keep_for) at time zone 'UTC')::date
        order by old.day, old.item_id, old.viewer, old.event_type
        limit at_most
    ) as old
    where
        stored.day = old.day
        and stored.item_id = old.item_id
        and stored.viewer = old.viewer
        and stored.event_type = old.event_type;
    get diagnostics deleted = row_count;
    return deleted = at_most;
end;
$$;

comment on function api.drop_actor_actions(timestamptz, integer) is
    'Deletes some of what is past; answers whether there is more.';
