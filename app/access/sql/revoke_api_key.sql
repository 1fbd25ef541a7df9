-- Refuse a key from now on; nothing where it is unknown or revoked already.
update core.api_key
set revoked_at = %(revoked_at)s::timestamptz
where prefix = %(prefix)s::text and revoked_at is null
