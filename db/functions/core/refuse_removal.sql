-- Refuse that rows of a table go which jobs rely on, and say what to do instead.
-- Source: the tables below. Feeds: triggers rows_stay and all_rows_stay.
create or replace function core.refuse_removal()
returns trigger
language plpgsql
set search_path = pg_catalog
as $$
begin
    raise exception using
        errcode = 'check_violation',
        message = format('rows of core.%I cannot be deleted: %s', tg_table_name, tg_argv[0]),
        constraint = 'rows_stay',
        schema = 'core',
        table = tg_table_name;
end;
$$;

comment on function core.refuse_removal() is
    'Raises check_violation, saying what to do instead of deleting.';

create or replace trigger rows_stay
before delete on core.storage_policy
for each row execute function core.refuse_removal('set keep_for to null to keep all of a level');
create or replace trigger all_rows_stay
before truncate on core.storage_policy
execute function core.refuse_removal('set keep_for to null to keep all of a level');

create or replace trigger rows_stay
before delete on core.default_weight
for each row execute function core.refuse_removal('set weight to 0 to leave a metric out');
create or replace trigger all_rows_stay
before truncate on core.default_weight
execute function core.refuse_removal('set weight to 0 to leave a metric out');

create or replace trigger rows_stay
before delete on core.calendar
for each row execute function core.refuse_removal('set zone to UTC to follow no zone');
create or replace trigger all_rows_stay
before truncate on core.calendar
execute function core.refuse_removal('set zone to UTC to follow no zone');

create or replace trigger rows_stay
before delete on core.alert_policy
for each row execute function core.refuse_removal('change its columns');
create or replace trigger all_rows_stay
before truncate on core.alert_policy
execute function core.refuse_removal('change its columns');

create or replace trigger rows_stay
before delete on core.time_window
for each row execute function core.refuse_removal('they say what rankings can have');
create or replace trigger rows_stay
before delete on core.aggregate_level
for each row execute function core.refuse_removal('they say what the aggregates are made of');
