-- Take what was published from what waits.
delete from core.outgoing as queued
where
    queued.lane = %(lane)s::integer
    and queued.outgoing_id = any(%(outgoing_ids)s::bigint[])
