-- Store a new key's hash and what it allows.
insert into core.api_key (
    name,
    kind,
    prefix,
    key_hash,
    scopes,
    allowed_origins,
    rate_limit,
    max_count,
    max_age_seconds,
    takes_back,
    max_watch_seconds,
    own_ids,
    derives_viewer,
    created_at
)
values (
    %(name)s::text,
    %(kind)s::text,
    %(prefix)s::text,
    %(key_hash)s::bytea,
    %(scopes)s::text[],
    %(allowed_origins)s::text[],
    %(rate_limit)s::integer,
    %(max_count)s::integer,
    %(max_age_seconds)s::integer,
    %(takes_back)s::text,
    %(max_watch_seconds)s::integer,
    %(own_ids)s::boolean,
    %(derives_viewer)s::boolean,
    %(created_at)s::timestamptz
)
