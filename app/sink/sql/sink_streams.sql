-- What is published, and how much of it waits for how long.
select
    status.stream,
    status.since,
    status.waiting::bigint as waiting,
    coalesce(
        date_part('epoch', clock_timestamp() - status.oldest), 0
    )::double precision as age_seconds,
    status.unpublished::bigint as unpublished,
    status.given_up
from api.sink_status as status
order by status.stream;
