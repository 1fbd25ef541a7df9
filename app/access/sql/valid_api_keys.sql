-- All keys that are not revoked.
select
    key.key_id,
    key.name,
    key.kind,
    key.key_hash,
    key.scopes,
    key.allowed_origins,
    key.rate_limit
from core.api_key as key
where key.revoked_at is null
