-- A list as a sentence has it: a, b or c.
-- Source: nothing. Feeds: core.check_ranking.
create or replace function core.alternatives(names text[])
returns text
language sql immutable parallel safe
return array_to_string(names[:cardinality(names) - 1], ', ') || ' or '
    || names[cardinality(names)];

comment on function core.alternatives(text[]) is 'Two names or more, with or before the last.';
grant execute on function core.alternatives(text[]) to groundswell_service;
