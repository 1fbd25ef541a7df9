-- The ids that callers gave their events: one of them counts once, whatever time it comes with.
-- Source: the writer (app/ingest/insert.py). Feeds: the writer, of what comes later.

create table core.claimed_id (
    event_id uuid primary key,
    claimed_at timestamptz not null,
    fingerprint integer not null
);

-- Finds what is past its keeping; rows come in its order, so it costs next to nothing.
create index claimed_id_by_age on core.claimed_id using brin (claimed_at);

comment on table core.claimed_id is
    'Ids given by callers, claimed in the transaction that inserts the event. The key of '
    'core.event cannot say that an id counts once, because a hypertable wants the time in it. Ids '
    'that the service makes have one time, and are not here. Kept as core.storage_policy says.';
comment on column core.claimed_id.event_id is 'core.event, the id alone.';
comment on column core.claimed_id.claimed_at is 'When the API accepted the first event of this id.';
comment on column core.claimed_id.fingerprint is
    'CRC-32 of that event''s type, item and user: another one tells that the id was used again for '
    'something else.';

grant insert on core.claimed_id to groundswell_service;
