-- Compare the like counts of the next items with a count of the likes, and mend those that differ.
-- Source: core.item_like. Feeds: core.item_like_count, core.like_recount.
-- Keeps: whatever has changed one of the two without the other (a restore of one table, triggers
-- that were off) is right after a round, which takes so many calls, also of items that nobody
-- touches. Likes and counts are compared in one snapshot and the difference is added, so what
-- changes meanwhile counts, too. One call at a time: only under the lock of reconcile_likes.
create function api.recount_likes(calls integer)
returns bigint
language plpgsql volatile
security definer
set search_path = pg_catalog
as $$
declare
    counted_to constant bigint := (select done.counted_to from core.like_recount as done);
    last_item constant bigint := greatest(
        (select max(known.item_id) from core.item_like_count as known),
        (select max(mine.item_id) from core.item_like as mine),
        0
    );
    until constant bigint := counted_to + greatest(last_item / calls + 1, 1000);
    mended bigint;
begin
    with counted as (
        select
            mine.item_id,
            count(*) filter (where mine.liked) as likes
        from core.item_like as mine
        where mine.item_id > counted_to and mine.item_id <= until
        group by mine.item_id
    ),

    known as (
        select
            stored.item_id,
            stored.likes
        from core.item_like_count as stored
        where stored.item_id > counted_to and stored.item_id <= until
    ),

    drift as materialized (
        select
            item_id,
            known.item_id is null as is_missing,
            coalesce(counted.likes, 0) - coalesce(known.likes, 0) as likes
        from counted
        full join known using (item_id)
        where known.item_id is null or coalesce(counted.likes, 0) <> known.likes
    ),

    changed as (
        update core.item_like_count as stored
        set
            likes = stored.likes + drift.likes,
            version = stored.version + 1,
            changed_at = clock_timestamp()
        from drift
        where stored.item_id = drift.item_id and not drift.is_missing
    ),

    added as (
        insert into core.item_like_count as stored (item_id, likes, version, changed_at)
        select
            drift.item_id,
            drift.likes,
            1,
            clock_timestamp()
        from drift
        where drift.is_missing
        on conflict (item_id) do update set
            likes = stored.likes + excluded.likes,
            version = stored.version + 1,
            changed_at = excluded.changed_at
    )

    select count(*) into mended from drift;

    update core.like_recount as done
    set counted_to = case when until < last_item then until else 0 end
    where done.counted_to <> case when until < last_item then until else 0 end;
    return mended;
end;
$$;

comment on function api.recount_likes(integer) is
    'Counts the likes of the next items anew, all of them in so many calls; answers how many '
    'counts were wrong.';
revoke execute on function api.recount_likes(integer) from public;
grant execute on function api.recount_likes(integer) to groundswell_service;
