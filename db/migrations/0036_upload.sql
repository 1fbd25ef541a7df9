-- Files that callers put into an object store, each of which becomes an item of the catalogue once.
-- Source: api.create_upload, api.take_upload, api.finalize_upload, api.drop_uploads.
-- Feeds: POST /uploads/{id}/finalize, the remover (app/uploads/remover.py).
-- Compatible: a table that only newer versions know.

create table core.upload (
    upload_id uuid primary key,
    owner text not null,
    state text not null default 'pending',
    fence bigint not null default 0,
    object_key text not null,
    size_bytes bigint not null,
    digest bytea not null,
    media_type text not null,
    entry jsonb not null,
    item_id bigint references core.item,
    created_at timestamptz not null,
    expires_at timestamptz not null,
    abandoned_at timestamptz not null,
    finalized_at timestamptz,
    remove_at timestamptz,
    constraint upload_owner_known check (owner ~ '^(user:|key:[0-9]+$|admin$|erased$)'),
    constraint upload_state_known check (state in ('pending', 'finalized', 'dropped')),
    constraint upload_fence_rises_from_0 check (fence >= 0),
    constraint upload_object_once unique (object_key),
    constraint upload_size_positive check (size_bytes > 0),
    constraint upload_digest_is_sha256 check (octet_length(digest) = 32),
    constraint upload_abandoned_after_its_address check (abandoned_at >= expires_at),
    constraint upload_finalized_by_a_holder check (state <> 'finalized' or fence > 0),
    constraint upload_finalized_at_a_time check (
        state = 'dropped' or (state = 'finalized') = (finalized_at is not null)
    ),
    constraint upload_removed_when_dropped check ((state = 'dropped') = (remove_at is not null))
);

-- What nobody has finalised, the longest due first.
create index upload_abandoned on core.upload (abandoned_at)
where state = 'pending';
-- What is to be removed from the store.
create index upload_removal_due on core.upload (remove_at)
where state = 'dropped';
-- A user's, to erase them.
create index upload_of_owner on core.upload (owner);
-- An item's, to erase them.
create index upload_of_item on core.upload (item_id)
where item_id is not null;

comment on table core.upload is
    'One row a file that a caller was given an address for. It is pending until it is finalised, '
    'which makes an item of it, once; or dropped, until its object is gone from the store, and the '
    'row with it.';
comment on column core.upload.upload_id is 'Given by the service.';
comment on column core.upload.owner is
    'Who may finalise it: user:, with the user as the token or the proxy says; key:, with the '
    'number of an API key; admin; or erased, which is nobody.';
comment on column core.upload.state is 'pending, finalized or dropped.';
comment on column core.upload.fence is
    'Rises each time that somebody begins to finalise it; only the last who began may end it.';
comment on column core.upload.object_key is 'Where it is in the bucket.';
comment on column core.upload.size_bytes is 'Its size as it was declared, in bytes.';
comment on column core.upload.digest is 'SHA-256 of its bytes as it was declared.';
comment on column core.upload.media_type is 'Its media type as it was declared.';
comment on column core.upload.entry is
    'The catalogue entry that it becomes, as PUT /items takes it.';
comment on column core.upload.item_id is 'core.item; null before it is finalised.';
comment on column core.upload.created_at is 'When its address was given.';
comment on column core.upload.expires_at is 'Until when that address holds.';
comment on column core.upload.abandoned_at is 'When it is dropped unless it is finalised.';
comment on column core.upload.finalized_at is 'When it was finalised; null before that.';
comment on column core.upload.remove_at is
    'When its object is to be removed, if it is dropped; whoever tries moves it on by a lease, so '
    'that nobody else does.';
-- Who puts what where is nothing to dashboards.
revoke select on core.upload from groundswell_read;
grant select (upload_id, state, size_bytes, media_type, item_id, created_at, finalized_at)
on core.upload to groundswell_read;
