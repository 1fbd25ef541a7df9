-- Drop and return the staged events whose id is already known from within the id window.
-- The fixed bounds leave most chunks out of the plan; the limit keeps the search an index look-up
-- for each event, where a join could read whole chunks.
delete from staged_event as staged
where (
    select true
    from core.event as known
    where
        known.event_id = staged.event_id
        and known.occurred_at >= %(earliest)s::timestamptz
        and known.occurred_at <= %(latest)s::timestamptz
        and known.occurred_at >= staged.occurred_at - %(id_window)s::interval
        and known.occurred_at <= staged.occurred_at + %(id_window)s::interval
    limit 1
)
returning staged.event_id, staged.occurred_at
