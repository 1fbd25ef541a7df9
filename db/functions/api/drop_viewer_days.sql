-- Delete the viewers of days that are past their keeping.
-- Source: core.storage_policy. Feeds: core.viewer_day, core.viewer_position.
-- Keeps: only days that are closed: core.viewer_item has whom they add for ever. At most so many
-- rows at once; answers whether there are more.
create function api.drop_viewer_days(as_of timestamptz, at_most integer default 50000)
returns boolean
language plpgsql volatile
as $$
declare
    border constant date := (
        select least(
            position.closed_before, ((as_of - policy.keep_for) at time zone 'UTC')::date
        )
        from core.viewer_position as position
        cross join core.storage_policy as policy
        where policy.level = 'viewer_day' and policy.keep_for is not null
    );
    deleted bigint;
begin
    update core.viewer_position as position
    set kept_since = border
    where
        exists (select from core.viewer_day as stored where stored.day < border)
        and (position.kept_since < border or position.kept_since is null);
    delete from core.viewer_day as stored
    using (
        select
            old.day,
            old.item_id,
            old.entry
        from core.viewer_day as old
        where old.day < border
        order by old.day, old.item_id, old.entry
        limit at_most
    ) as old
    where stored.day = old.day and stored.item_id = old.item_id and stored.entry = old.entry;
    get diagnostics deleted = row_count;
    return deleted = at_most;
end;
$$;

comment on function api.drop_viewer_days(timestamptz, integer) is
    'Deletes some of what is past; answers whether there is more.';
