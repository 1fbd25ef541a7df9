-- Replace the counts of windows that differ from a recount.
-- Source: api.recount_windows. Feeds: core.item_window.
-- Keeps: counts must agree exactly; seconds, a float, to a thousandth. Events known only by the day
-- do not tell when the newest was, nor how much was taken back.
create function api.mend_windows()
returns bigint
language sql volatile
set jit = off
begin atomic
with recount as materialized (
    select counted.* from api.recount_windows() as counted
),

drifted as (
    select
        coalesce(recount."window", stored."window") as "window",
        coalesce(recount.item_id, stored.item_id) as item_id,
        recount.item_id is null as is_gone
    from recount
    full join core.item_window as stored
        on recount."window" = stored."window" and recount.item_id = stored.item_id
    where
        (recount.views, recount.likes, recount.comments, recount.shares)
        is distinct from
        (stored.views, stored.likes, stored.comments, stored.shares)
        or (
            recount.last_event_at <> stored.last_event_at
            and recount.last_event_at >= (select api.raw_since())
        )
        or (
            recount.last_taken_at <> stored.last_taken_at
            and recount.last_taken_at >= (select api.raw_since())
        )
        or (
            (recount.unlikes, recount.uncomments) <> (stored.unlikes, stored.uncomments)
            and (select api.raw_since()) <= (
                select position.since
                from core.window_position as position
                where position."window" = recount."window"
            )
        )
        or abs(recount.watch_seconds - stored.watch_seconds) > 0.001
),

gone as (
    delete from core.item_window as stored
    using drifted
    where
        stored."window" = drifted."window"
        and stored.item_id = drifted.item_id
        and drifted.is_gone
),

mended as (
    insert into core.item_window as stored
    select recount.*
    from recount
    inner join drifted
        on recount."window" = drifted."window" and recount.item_id = drifted.item_id
    on conflict on constraint item_window_one_per_item do update set
        views = excluded.views,
        likes = excluded.likes,
        comments = excluded.comments,
        shares = excluded.shares,
        watch_seconds = excluded.watch_seconds,
        last_event_at = excluded.last_event_at,
        unlikes = excluded.unlikes,
        uncomments = excluded.uncomments,
        last_taken_at = excluded.last_taken_at
)

select count(*) from drifted;
end;

comment on function api.mend_windows() is
    'Replaces window counts that differ from a recount; answers how many did.';
