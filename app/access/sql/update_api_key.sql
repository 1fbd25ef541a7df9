-- Change what a valid key allows; nothing where it is unknown or revoked.
update core.api_key
set
    allowed_origins = %(allowed_origins)s::text[],
    rate_limit = %(rate_limit)s::integer,
    max_count = %(max_count)s::integer,
    max_age_seconds = %(max_age_seconds)s::integer,
    takes_back = %(takes_back)s::text,
    max_watch_seconds = %(max_watch_seconds)s::integer,
    own_ids = %(own_ids)s::boolean,
    derives_viewer = %(derives_viewer)s::boolean
where prefix = %(prefix)s::text and revoked_at is null
