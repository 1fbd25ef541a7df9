-- Refuse that rows of a table go which jobs rely on, and say what to do instead.
-- Source: the tables below. Feeds: triggers rows_stay.
create or replace function core.refuse_removal()
returns trigger
language plpgsql
set search_path = pg_catalog
as $$
begin
    raise exception using
        errcode = 'check_violation',
        message = format('rows of core.%I cannot be deleted: %s', tg_table_name, case tg_table_name
            when 'storage_policy' then 'set keep_for to null to keep all of a level'
            when 'default_weight' then 'set weight to 0 to leave a metric out'
            when 'calendar' then 'set zone to UTC to follow no other'
            when 'alert_policy' then 'change its columns'
            when 'time_window' then 'they say what rankings can have'
            else 'they say what the aggregates are made of'
        end),
        constraint = 'rows_stay',
        schema = 'core',
        table = tg_table_name;
end;
$$;

comment on function core.refuse_removal() is
    'Raises check_violation, saying what to do instead of deleting.';

-- Those of a dimension go with it.
create or replace trigger rows_stay
before delete on core.storage_policy
for each row when (old.level !~ '^(dimension|site_by)_') execute function core.refuse_removal();

create or replace trigger rows_stay_all
before truncate on core.storage_policy
for each statement execute function core.refuse_removal();

create or replace trigger rows_stay
before delete or truncate on core.default_weight
for each statement execute function core.refuse_removal();

create or replace trigger rows_stay
before delete or truncate on core.calendar
for each statement execute function core.refuse_removal();

create or replace trigger rows_stay
before delete or truncate on core.alert_policy
for each statement execute function core.refuse_removal();

create or replace trigger rows_stay
before delete or truncate on core.time_window
for each statement execute function core.refuse_removal();

-- Those of a dimension go with it.
create or replace trigger rows_stay
before delete on core.aggregate_level
for each row when (old.name !~ '^(dimension|site_by)_') execute function core.refuse_removal();

create or replace trigger rows_stay_all
before truncate on core.aggregate_level
for each statement execute function core.refuse_removal();
