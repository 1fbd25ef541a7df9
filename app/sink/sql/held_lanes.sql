-- The batches that are being published now.
select
    lane.lane,
    lane.batch
from core.sink_lane as lane
where lane.held_until >= clock_timestamp()
order by lane.lane;
