-- Take the next batch of a lane that has something to publish and that nobody else publishes now.
update core.sink_lane as lane
set
    batch = lane.batch + 1,
    held_until = clock_timestamp() + %(lease)s::interval
where
    lane.lane = (
        select free.lane
        from core.sink_lane as free
        where
            free.lane < 4
            and (free.held_until is null or free.held_until < clock_timestamp())
            and exists (
                select from core.outgoing as queued
                where queued.lane = free.lane
            )
        order by free.batch
        limit 1
        for update skip locked
    )
returning lane.lane, lane.batch;
