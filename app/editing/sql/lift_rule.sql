-- End the editorial rule of a name.
select api.lift_rule(%(name)s::text, %(who)s::text, %(as_of)s::timestamptz) as rule_id
