-- Refuse default weights that are all zero: every ranking that leaves its own null would be empty.
-- Source: core.default_weight. Feeds: trigger default_weight_some.
create or replace function core.check_default_weights()
returns trigger
language plpgsql
set search_path = pg_catalog
as $$
begin
    if not exists (select from core.default_weight as given where given.weight > 0) then
        raise exception using
            errcode = 'check_violation',
            message = 'default weights: at least one must be above 0',
            constraint = 'default_weight_some',
            schema = 'core',
            table = 'default_weight';
    end if;
    return null;
end;
$$;

comment on function core.check_default_weights() is
    'Raises check_violation where no event would be worth anything.';

create or replace trigger default_weight_some
after insert or update on core.default_weight
for each statement execute function core.check_default_weights();
