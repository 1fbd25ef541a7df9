-- Store a new key's hash and what it allows.
insert into core.api_key (
    name, kind, prefix, key_hash, scopes, allowed_origins, rate_limit, created_at
)
values (
    %(name)s::text,
    %(kind)s::text,
    %(prefix)s::text,
    %(key_hash)s::bytea,
    %(scopes)s::text[],
    %(allowed_origins)s::text[],
    %(rate_limit)s::integer,
    %(created_at)s::timestamptz
)
