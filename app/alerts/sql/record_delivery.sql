-- Note what became of sending a webhook.
select
    api.record_delivery(
        %(alert_id)s::bigint,
        %(attempt)s::integer,
        %(attempted_at)s::timestamptz,
        %(status)s::integer,
        %(duration)s::interval,
        %(error)s::text,
        %(next_attempt_at)s::timestamptz,
        %(is_gone)s::boolean,
        %(quiet_until)s::timestamptz
    );
