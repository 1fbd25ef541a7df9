-- Lift an editorial rule: lists follow their scores again from their next run on.
-- Source: DELETE /admin/rules/{name}, groundswell rules remove. Feeds: core.editorial_rule.
-- Keeps: the row stays for the record.
create function api.lift_rule(name text, lifted_by text, as_of timestamptz default now())
returns bigint
language sql volatile
begin atomic
update core.editorial_rule as rule
set
    lifted_by = lift_rule.lifted_by,
    lifted_at = lift_rule.as_of
where rule.name = lift_rule.name and rule.lifted_at is null
returning rule.rule_id;
end;

comment on function api.lift_rule(text, text, timestamptz) is
    'Ends the editorial rule of a name; answers its rule_id, or null where none is in force. '
    'Stable.';
grant execute on function api.lift_rule(text, text, timestamptz) to groundswell_service;
