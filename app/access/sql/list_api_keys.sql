-- Keys for people to look at, oldest first: those there ever were, or the valid ones, or one.
select
    key.key_id,
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
where
    (%(key_id)s::bigint is null or key.key_id = %(key_id)s::bigint)
    and (%(prefix)s::text is null or key.prefix = %(prefix)s::text)
    and key.key_id > %(after)s::bigint
    and (%(revoked)s::boolean or key.revoked_at is null)
order by key.key_id
limit %(limit)s::integer
