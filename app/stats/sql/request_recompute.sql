-- Put a day or a month in line to be rebuilt from raw events.
select
    made.recompute_id,
    made.period,
    made.zone,
    made.since as from_,
    made.until as "to",
    'waiting' as status,
    made.items_touched,
    made.items_mended,
    made.requested_at,
    made.finished_at,
    made.error
from api.request_recompute(
    %(period)s::text, %(day)s::date, %(zone)s::text, %(who)s::text, now()
) as made;
