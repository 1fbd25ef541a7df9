-- How long raw events are kept, in seconds (null is for ever), and up to when old ones are dropped.
select
    extract(epoch from policy.keep_for)::double precision as keep_seconds,
    api.closed_before() as closed_before
from core.storage_policy as policy
where policy.level = 'event'
