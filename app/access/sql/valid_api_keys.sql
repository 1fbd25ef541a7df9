-- All keys that are not revoked.
select
    key.key_id,
    key.name,
    key.kind,
    key.key_hash,
    key.scopes,
    key.allowed_origins,
    key.rate_limit,
    key.max_count,
    key.max_age_seconds,
    key.takes_back,
    key.max_watch_seconds,
    key.own_ids,
    key.derives_viewer
from core.api_key as key
where key.revoked_at is null
