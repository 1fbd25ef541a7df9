-- Keep what the brokers do not take.
insert into core.unpublished (event_id, occurred_at, item_id, noted_at, reason)
values (
    %(event_id)s::uuid,
    %(occurred_at)s::timestamptz,
    %(item_id)s::bigint,
    clock_timestamp(),
    left(%(reason)s::text, 500)
)
on conflict (event_id) do update set
    noted_at = excluded.noted_at,
    reason = excluded.reason
