-- Note a file that a caller is about to put into the store.
-- Source: POST /uploads. Feeds: core.upload.
create function api.create_upload(
    upload_id uuid,
    owner text,
    object_key text,
    size_bytes bigint,
    digest bytea,
    media_type text,
    entry jsonb,
    expires_at timestamptz,
    abandoned_at timestamptz,
    as_of timestamptz
)
returns void
language sql volatile
security definer
set search_path = pg_catalog
begin atomic
insert into core.upload (
    upload_id, owner, object_key, size_bytes, digest, media_type, entry, created_at, expires_at,
    abandoned_at
)
values (
    create_upload.upload_id,
    create_upload.owner,
    create_upload.object_key,
    create_upload.size_bytes,
    create_upload.digest,
    create_upload.media_type,
    create_upload.entry,
    create_upload.as_of,
    create_upload.expires_at,
    create_upload.abandoned_at
);
end;

comment on function api.create_upload(
    uuid, text, text, bigint, bytea, text, jsonb, timestamptz, timestamptz, timestamptz
) is
    'Notes a pending upload: size in bytes, digest SHA-256, entry as PUT /items takes it.';
revoke execute on function api.create_upload(
    uuid, text, text, bigint, bytea, text, jsonb, timestamptz, timestamptz, timestamptz
) from public;
grant execute on function api.create_upload(
    uuid, text, text, bigint, bytea, text, jsonb, timestamptz, timestamptz, timestamptz
) to groundswell_service;
