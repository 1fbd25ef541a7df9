-- How long raw events are kept, in seconds; null is for ever.
select extract(epoch from policy.keep_for)::double precision as keep_seconds
from core.storage_policy as policy
where policy.level = 'event'
