-- The counts of windows that differ from a recount.
-- Source: api.recount_windows, core.item_window. Feeds: api.mend_windows, api.reconcile.
-- Keeps: counts must agree exactly; seconds, a float, to a thousandth. Events known only by the
-- minute or day do not tell when the newest was, nor how much was taken back. What waits in
-- core.score_feed is in the recount, but not in the stored counts: its items are left out.
create function api.drifted_windows()
returns table (is_gone boolean, counts core.item_window)
language sql stable
set jit = off
begin atomic
select
    recount.item_id is null,
    case
        when recount.item_id is null then stored::core.item_window else recount
    end
from api.recount_windows() as recount
full join core.item_window as stored
    on recount."window" = stored."window" and recount.item_id = stored.item_id
where
    coalesce(recount.item_id, stored.item_id) not in (
        select feed.item_id from core.score_feed as feed
    )
    and (
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
    );
end;

comment on function api.drifted_windows() is
    'What the counts that differ should be, or those of which nothing is left.';
