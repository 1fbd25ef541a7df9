-- Turn the viewers of an item and a day into registers where they are more than a thousand.
-- Source: core.viewer_day. Feeds: core.viewer_day.
-- Keeps: what counts stays the same but for what registers cannot tell. Only under the lock of the
-- scoring job.
create function api.sketch_viewers(item_id bigint, day date)
returns void
language plpgsql volatile
as $$
#variable_conflict use_column
begin
    if (
        select count(*)
        from (
            select
            from core.viewer_day as stored
            where
                stored.day = sketch_viewers.day
                and stored.item_id = sketch_viewers.item_id
                and stored.entry >= 0
            limit 1001
        ) as counted
    ) <= 1000 then
        return;
    end if;
    with gone as (
        delete from core.viewer_day as stored
        where
            stored.day = sketch_viewers.day
            and stored.item_id = sketch_viewers.item_id
            and stored.entry >= 0
        returning stored.entry, stored.quarters
    )

    insert into core.viewer_day as stored (entry, item_id, day, quarters)
    select
        api.viewer_entry(gone.entry),
        sketch_viewers.item_id,
        sketch_viewers.day,
        bit_or(gone.quarters)
    from gone
    group by api.viewer_entry(gone.entry)
    on conflict on constraint viewer_day_once do update
    set quarters = stored.quarters | excluded.quarters;
end;
$$;

comment on function api.sketch_viewers(bigint, date) is
    'Keeps registers in place of the viewers of an item and a day, where they are over a thousand.';
