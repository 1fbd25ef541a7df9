-- Copy binary rows straight into the hypertable; any known event makes it fail as a whole.
copy core.event (
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
