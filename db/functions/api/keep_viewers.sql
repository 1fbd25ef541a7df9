-- Add entries of a day (UTC) to what is kept of each item over all closed days.
-- Source: core.viewer_day. Feeds: core.viewer_item.
-- Keeps: of each register, ranks that are lower than one seen as late are left out (a sliding
-- HyperLogLog: Chabchoub and Hébrail 2010). Adding again changes nothing. Only under the lock of
-- the scoring job.
create function api.keep_viewers(item_ids bigint[], entries bigint[], day date)
returns void
language plpgsql volatile
set jit = off
set enable_hashjoin = off
set enable_mergejoin = off
set enable_seqscan = off
as $$
declare
    item bigint;
begin
    with given as materialized (
        select distinct on (each.item_id, coalesce(part.register, each.entry))
            each.item_id,
            each.entry
        from unnest(item_ids, entries) as each (item_id, entry)
        cross join lateral (
            -- A register's number, below 0; the highest rank of each is the lowest entry.
            select case when each.entry < 0 then -1 - (-1 - each.entry) / 64 end as register
        ) as part
        order by each.item_id, coalesce(part.register, each.entry), each.entry
    ),

    needed as materialized (
        select given.*
        from given
        where
            given.entry >= 0
            or not exists (
                select from core.viewer_item as higher
                where
                    higher.item_id = given.item_id
                    and higher.entry < given.entry
                    and higher.entry >= -64 * ((-1 - given.entry) / 64) - 64
                    and higher.last_day >= day
            )
    ),

    passed as (
        delete from core.viewer_item as lower
        using needed
        where
            needed.entry < 0
            and lower.item_id = needed.item_id
            and lower.entry > needed.entry
            and lower.entry <= -1 - 64 * ((-1 - needed.entry) / 64)
            and lower.last_day <= day
    )

    insert into core.viewer_item as stored (entry, item_id, last_day)
    select
        needed.entry,
        needed.item_id,
        day
    from needed
    order by needed.item_id, needed.entry
    on conflict on constraint viewer_item_once do update set last_day = excluded.last_day
    where stored.last_day < excluded.last_day;

    for item in
        select each.item_id
        from unnest(item_ids, entries) as each (item_id, entry)
        where each.entry >= 0 and each.entry & 31 = 0
        group by each.item_id
    loop
        perform api.sketch_oldest_viewers(item);
    end loop;
end;
$$;

comment on function api.keep_viewers(bigint[], bigint[], date) is
    'Notes that entries were seen on a day, each beside its item.';
