-- Close a row of the audit trail.
select api.end_audit(
    %(audit_id)s::bigint, %(outcome)s::jsonb, %(error)s::text, clock_timestamp()
);
