-- What is to be published next of a lane: rows up to so many events, and one row at least.
select
    queued.outgoing_id,
    queued.since,
    queued.until,
    queued.event_ids
from (
    select
        waiting.*,
        sum(waiting.events) over (order by waiting.outgoing_id) - waiting.events as before
    from (
        select next.*
        from core.outgoing as next
        where next.lane = %(lane)s::integer
        order by next.outgoing_id
        limit 1000
    ) as waiting
) as queued
where queued.before < %(most)s::integer
order by queued.outgoing_id;
