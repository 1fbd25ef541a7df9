-- Replace the counts of windows that differ from a recount.
-- Source: api.drifted_windows. Feeds: core.item_window.
-- Keeps: only under the lock of the scoring job, after api.score_events.
create function api.mend_windows()
returns bigint
language sql volatile
set jit = off
begin atomic
with drifted as materialized (
    select found.* from api.drifted_windows() as found
),

gone as (
    delete from core.item_window as stored
    using drifted
    where
        stored."window" = (drifted.counts)."window"
        and stored.item_id = (drifted.counts).item_id
        and drifted.is_gone
),

mended as (
    insert into core.item_window as stored
    select (drifted.counts).*
    from drifted
    where not drifted.is_gone
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
