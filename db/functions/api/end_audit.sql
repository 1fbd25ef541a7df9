-- Note what came of something done through /admin.
-- Source: the routes of /admin, api.recompute_stats. Feeds: core.audit.
-- Keeps: a row is ended once; what stands there then is never changed.
create function api.end_audit(audit_id bigint, outcome jsonb, error text, as_of timestamptz)
returns void
language sql volatile
security definer
set search_path = pg_catalog
begin atomic
update core.audit as entry
set
    ended_at = greatest(entry.began_at, as_of),
    outcome = end_audit.outcome,
    error = end_audit.error
where entry.audit_id = end_audit.audit_id and entry.ended_at is null;
end;

comment on function api.end_audit(bigint, jsonb, text, timestamptz) is
    'Closes a row of core.audit, unless it is closed.';
revoke execute on function api.end_audit(bigint, jsonb, text, timestamptz) from public;
grant execute on function api.end_audit(bigint, jsonb, text, timestamptz) to groundswell_service;
