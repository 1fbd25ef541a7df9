-- The keys that callers of the API show; of each only the hash.
-- Source: groundswell keys, /admin/keys. Feeds: every API process (app/access/key_ring.py).

create table core.api_key (
    key_id bigint generated always as identity primary key,
    name text not null,
    kind text not null,
    prefix text not null,
    key_hash bytea not null,
    scopes text[] not null,
    allowed_origins text[] not null default '{}',
    rate_limit integer,
    max_count integer,
    max_age_seconds integer,
    takes_back text not null default 'nothing',
    max_watch_seconds integer,
    own_ids boolean not null default true,
    derives_viewer boolean not null default true,
    created_at timestamptz not null,
    revoked_at timestamptz,
    last_used_at timestamptz,
    constraint api_key_prefix_unique unique (prefix),
    constraint api_key_hash_unique unique (key_hash),
    constraint api_key_kind_known check (kind in ('secret', 'public')),
    constraint api_key_scopes_known check (
        scopes <@ array['read', 'write', 'backfill', 'admin'] and cardinality(scopes) > 0
    ),
    -- Everybody can read a public key in the page that holds it.
    constraint api_key_public_reads_and_records check (
        kind <> 'public' or scopes <@ array['read', 'write']
    ),
    constraint api_key_rate_limit_positive check (rate_limit > 0),
    constraint api_key_bounds_positive check (
        max_count > 0 and max_age_seconds > 0 and max_watch_seconds > 0
    ),
    constraint api_key_takes_back_known check (takes_back in ('nothing', 'own', 'anything'))
);

comment on table core.api_key is
    'Keys of the API''s callers. Made and revoked by groundswell keys and through '
    '/admin/keys; a key itself is stored nowhere.';
comment on column core.api_key.key_id is 'Internal id.';
comment on column core.api_key.name is 'Whose it is, or what for.';
comment on column core.api_key.kind is
    'secret, for servers; or public, for web pages and apps, where everybody can read it.';
comment on column core.api_key.prefix is 'The first part of the key, to tell keys apart.';
comment on column core.api_key.key_hash is 'SHA-256 of the whole key.';
comment on column core.api_key.scopes is
    'read, write, backfill (events older than raw events are kept); admin is all of them and more.';
comment on column core.api_key.allowed_origins is
    'Origins of web pages that may use a public key, such as https://example.org; empty is any.';
comment on column core.api_key.rate_limit is
    'Events it may send a minute; null is GROUNDSWELL_RATE_LIMIT_PER_MINUTE.';
comment on column core.api_key.max_count is
    'Most count of one event; null is any. Public keys are made with 1.';
comment on column core.api_key.max_age_seconds is
    'Greatest age of its events when they come; null is that of core.storage_policy.';
comment on column core.api_key.takes_back is
    'What its unlikes and uncomments may take back: nothing, own (what the same viewer gave on the '
    'same day), or anything. A key made with SQL alone begins with the narrowest.';
comment on column core.api_key.max_watch_seconds is
    'Seconds that a viewer may have watched an item when the first watch_time comes; from then on '
    'as many as pass. Null is any.';
comment on column core.api_key.own_ids is
    'Whether ids in its events are its own, so that they never meet those of another key.';
comment on column core.api_key.derives_viewer is
    'Whether repeated views are told by the viewer''s address and agent too (salted, for a day), '
    'whatever the page says.';
comment on column core.api_key.created_at is 'When it was made.';
comment on column core.api_key.revoked_at is 'Since when it is refused; null for a valid key.';
comment on column core.api_key.last_used_at is 'When it was last shown, to the minute.';

-- Only the service looks at hashes. It makes and revokes keys for admins, but what a key is for
-- (name, kind, hash, scopes) never changes.
revoke select on core.api_key from groundswell_read;
grant insert on core.api_key to groundswell_service;
grant update (
    allowed_origins, rate_limit, max_count, max_age_seconds, takes_back, max_watch_seconds,
    own_ids, derives_viewer, revoked_at, last_used_at
) on core.api_key to groundswell_service;
