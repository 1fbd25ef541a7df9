-- Every key there ever was, oldest first, for people to look at.
select
    key.prefix,
    key.name,
    key.kind,
    key.scopes,
    key.allowed_origins,
    key.rate_limit,
    key.max_count,
    key.max_age_seconds,
    key.takes_back,
    key.max_watch_seconds,
    key.own_ids,
    key.derives_viewer,
    key.created_at,
    key.revoked_at,
    key.last_used_at
from core.api_key as key
order by key.key_id
