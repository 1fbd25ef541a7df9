-- The events: a hypertable in day chunks, one row for each accepted event, never updated by us.
-- Source: the writer (app/ingest). Feeds: agg.engagement_1m, core.score_feed, api.move_windows.

create type core.event_type as enum (
    'view', 'like', 'unlike', 'comment', 'uncomment', 'share', 'watch_time'
);
comment on type core.event_type is
    'What happened; unlike and uncomment take one like or comment back, nothing is deleted.';

create table core.event (
    event_id uuid not null,
    occurred_at timestamptz not null,
    received_at timestamptz not null,
    item_id bigint not null,
    event_type core.event_type not null,
    count integer not null default 1,
    seconds double precision,
    user_id text,
    session_id text,
    metadata jsonb,
    counted boolean not null default true,
    uncounted_because text,
    viewer bigint,
    -- The idempotency contract: an id counts once. The time is in the key because a hypertable
    -- wants it there; for ids that callers give, core.claimed_id holds it whatever the time.
    constraint event_counts_once primary key (event_id, occurred_at),
    -- A clock that runs ahead wins nothing, and every reader has the event in the same bucket.
    constraint event_not_ahead check (occurred_at <= received_at),
    constraint event_count_positive check (count > 0),
    constraint event_seconds_positive check (seconds >= 0)
);

select create_hypertable(
    'core.event', by_range('occurred_at', interval '1 day'), create_default_indexes => false
);

-- Refreshes and the real-time tail of the aggregates read by time. Append-only, so cheap.
create index event_by_time on core.event (occurred_at);
-- What a user viewed, newest first, and what to erase of it. The columnstore keeps a filter of the
-- users of each batch because of it.
create index event_by_user on core.event (user_id, occurred_at) where user_id is not null;

comment on table core.event is
    'Every accepted event, once. Raw rows are dropped by age (core.storage_policy).';
comment on column core.event.event_id is 'The caller''s id, or a UUIDv7 made on acceptance.';
comment on column core.event.occurred_at is
    'When it happened, as the caller says; received_at where that is earlier. It counts then.';
comment on column core.event.received_at is 'When the API accepted it.';
comment on column core.event.item_id is
    'core.item. No foreign key: the writer resolves items, and the check would cost each insert.';
comment on column core.event.event_type is 'What happened.';
comment on column core.event.count is 'How many such events this row stands for.';
comment on column core.event.seconds is 'Seconds watched by each of count; only for watch_time.';
comment on column core.event.user_id is 'The caller''s user, where it says.';
comment on column core.event.session_id is 'The caller''s session, where it says.';
comment on column core.event.metadata is 'What else the caller sent with it, an object.';
comment on column core.event.counted is
    'False keeps the event but leaves it out of every count (set by a DBA; reversible).';
comment on column core.event.viewer is
    'Who did it: a keyed hash of the user, else of the session, else a hash of the client that is '
    'salted anew each day; with public keys that of the client first. Null where nobody is known.';
comment on column core.event.uncounted_because is
    'Why it came in uncounted: "bot" and the pattern it matched, "repeat" of a view by the same '
    'viewer, or "prerender" of a page that nobody saw yet; null where it counted. Stays when a DBA '
    'counts it after all.';

grant insert on core.event to groundswell_service;
-- Who it was is nothing to dashboards: they have api.event. Not by column: a grant on some columns
-- of a compressed hypertable fails, and a restored dump needs it.
revoke select on core.event from groundswell_read;
