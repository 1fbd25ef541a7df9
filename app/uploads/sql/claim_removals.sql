-- Take dropped uploads whose objects are to be removed.
select
    claimed.dropped_id as upload_id,
    claimed.dropped_key as object_key
from api.claim_removals(
    %(as_of)s::timestamptz, %(lease)s::interval, %(capacity)s::integer
) as claimed
