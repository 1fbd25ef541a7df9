-- Copy binary rows into the staging table.
copy staged_event (
    event_id,
    received_at,
    item_id,
    occurred_at,
    event_type,
    count,
    seconds,
    viewer,
    user_id,
    session_id,
    metadata,
    counted,
    uncounted_because
) from stdin (format binary)
