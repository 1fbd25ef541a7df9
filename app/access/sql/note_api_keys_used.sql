-- Note that keys were used.
update core.api_key
set last_used_at = greatest(last_used_at, %(used_at)s::timestamptz)
where key_id = any(%(key_ids)s::bigint[])
