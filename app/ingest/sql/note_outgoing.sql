-- Note that events, which this transaction has inserted, are to be published; one row a lane.
insert into core.outgoing (lane, noted_at, events, since, until, event_ids)
select
    noted.lane,
    clock_timestamp(),
    cardinality(noted.event_ids::uuid[]),
    %(since)s::timestamptz,
    %(until)s::timestamptz,
    noted.event_ids::uuid[]
from unnest(%(lanes)s::smallint[], %(event_ids)s::text[]) as noted (lane, event_ids)
