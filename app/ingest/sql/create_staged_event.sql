-- Make the table that a batch with known events goes through; it is gone at commit.
create temporary table staged_event (
    event_id uuid not null,
    occurred_at timestamptz not null,
    received_at timestamptz not null,
    item_id bigint not null,
    event_type core.event_type not null,
    count integer not null,
    seconds double precision,
    user_id text,
    session_id text,
    metadata jsonb,
    counted boolean not null,
    uncounted_because text,
    viewer bigint
) on commit drop
