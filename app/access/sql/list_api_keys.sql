-- Every key there ever was, oldest first, for people to look at.
select
    key.prefix,
    key.name,
    key.kind,
    key.scopes,
    key.allowed_origins,
    key.rate_limit,
    key.created_at,
    key.revoked_at,
    key.last_used_at
from core.api_key as key
order by key.key_id
