-- Give a lane back whose batch is not published to its end, or is.
update core.sink_lane as lane
set held_until = null
where lane.lane = %(lane)s::integer and lane.batch = %(batch)s::bigint
