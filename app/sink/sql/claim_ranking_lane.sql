-- Take the lane of rankings, if there is something to publish and nobody else publishes it now.
update core.sink_lane as lane
set
    batch = lane.batch + 1,
    held_until = clock_timestamp() + %(lease)s::interval
where
    lane.lane = (
        select free.lane
        from core.sink_lane as free
        where
            free.lane = 4
            and (free.held_until is null or free.held_until < clock_timestamp())
            and exists (
                select from api.sink_status as status
                where status.stream = 'ranking' and status.waiting > 0
            )
        for update skip locked
    )
returning lane.lane, lane.batch;
