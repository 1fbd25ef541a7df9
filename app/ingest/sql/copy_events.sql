-- Copy binary rows straight into the hypertable; any known event makes it fail as a whole.
copy core.event (
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
