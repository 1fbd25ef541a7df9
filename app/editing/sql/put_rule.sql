-- Make or replace the editorial rule of a name.
select api.put_rule(
    %(name)s::text, %(rule)s::jsonb, %(who)s::text, %(as_of)s::timestamptz
) as rule_id
