-- The audit trail, newest first, from below an entry on.
select
    audit_id,
    action,
    who,
    parameters,
    began_at,
    ended_at,
    outcome,
    error
from core.audit
where %(before)s::bigint is null or audit_id < %(before)s::bigint
order by audit_id desc
limit %(limit)s::integer;
