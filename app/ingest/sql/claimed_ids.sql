-- What was first recorded under ids that callers gave.
select
    claimed.event_id,
    claimed.fingerprint
from core.claimed_id as claimed
where claimed.event_id = any(%(event_ids)s::uuid[])
