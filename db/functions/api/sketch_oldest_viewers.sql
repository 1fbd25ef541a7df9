-- Turn all but the newest thousand viewers of an item into registers where they are over two
-- thousand.
-- Source: core.viewer_item. Feeds: core.viewer_item.
-- Keeps: a window of fewer than a thousand viewers has none in a register: it is counted exactly.
-- Only under the lock of the scoring job.
create function api.sketch_oldest_viewers(item_id bigint)
returns void
language plpgsql volatile
as $$
#variable_conflict use_column
declare
    moved record;
begin
    if (
        select count(*)
        from (
            select
            from core.viewer_item as stored
            where stored.item_id = sketch_oldest_viewers.item_id and stored.entry >= 0
            limit 2001
        ) as counted
    ) <= 2000 then
        return;
    end if;
    for moved in
        with gone as (
            delete from core.viewer_item as stored
            using (
                select known.entry
                from core.viewer_item as known
                where known.item_id = sketch_oldest_viewers.item_id and known.entry >= 0
                order by known.last_day desc, known.entry
                offset 1000
            ) as old
            where
                stored.item_id = sketch_oldest_viewers.item_id
                and stored.entry = old.entry
            returning stored.entry, stored.last_day
        )

        select
            gone.last_day,
            array_agg(api.viewer_entry(gone.entry)) as entries
        from gone
        group by gone.last_day
        order by gone.last_day
    loop
        perform api.keep_viewers(
            array_fill(item_id, array[cardinality(moved.entries)]), moved.entries, moved.last_day
        );
    end loop;
end;
$$;

comment on function api.sketch_oldest_viewers(bigint) is
    'Keeps registers in place of the viewers of an item that were not seen for longest.';
