-- Keep retention off until the transaction ends; fails where events as old as that are dropped.
select api.hold_raw_events(%(earliest)s::timestamptz)
