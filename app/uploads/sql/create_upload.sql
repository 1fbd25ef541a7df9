-- Note a file that a caller is about to put into the store.
select api.create_upload(
    %(upload_id)s::uuid,
    %(owner)s::text,
    %(object_key)s::text,
    %(size_bytes)s::bigint,
    %(digest)s::bytea,
    %(media_type)s::text,
    %(entry)s::jsonb,
    %(expires_at)s::timestamptz,
    %(abandoned_at)s::timestamptz,
    %(as_of)s::timestamptz
)
