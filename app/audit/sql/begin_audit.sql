-- Open a row of the audit trail.
select api.begin_audit(%(who)s::text, %(action)s::text, %(parameters)s::jsonb, now()) as audit_id;
