-- The three schemas and the two group roles that everything else is granted to.
-- Source: nothing. Feeds: every later file.

create schema core;
comment on schema core is 'Tables: the truth. Nothing in it depends on schema api.';

create schema agg;
comment on schema agg is
    'Continuous aggregates over core.event. Nothing in it depends on schema api.';

-- Roles belong to the whole server, so another database may have made them already, and two
-- databases may be migrated at once.
do $$
declare
    role_name text;
begin
    foreach role_name in array array['groundswell_service', 'groundswell_read'] loop
        begin
            execute format('create role %I nologin', role_name);
        exception
            when duplicate_object or unique_violation then null;
        end;
    end loop;
end
$$;

grant usage on schema core, agg to groundswell_service, groundswell_read;
alter default privileges in schema core, agg grant select on tables
to groundswell_service, groundswell_read;
