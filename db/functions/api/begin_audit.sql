-- Note that somebody begins to do something through /admin.
-- Source: the routes of /admin. Feeds: core.audit.
create function api.begin_audit(who text, action text, parameters jsonb, as_of timestamptz)
returns bigint
language sql volatile
security definer
set search_path = pg_catalog
begin atomic
insert into core.audit (who, action, parameters, began_at)
values (begin_audit.who, begin_audit.action, begin_audit.parameters, as_of)
returning audit.audit_id;
end;

comment on function api.begin_audit(text, text, jsonb, timestamptz) is
    'Opens a row of core.audit and answers its id.';
revoke execute on function api.begin_audit(text, text, jsonb, timestamptz) from public;
grant execute on function api.begin_audit(text, text, jsonb, timestamptz) to groundswell_service;
