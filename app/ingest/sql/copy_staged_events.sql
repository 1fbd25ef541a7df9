-- Copy binary rows into the staging table.
copy staged_event (
    event_id,
    occurred_at,
    received_at,
    item_id,
    event_type,
    count,
    seconds,
    user_id,
    session_id,
    metadata,
    counted,
    uncounted_because,
    viewer
) from stdin (format binary)
