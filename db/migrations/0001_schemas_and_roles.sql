-- The schemas that hold what is kept. Schema api is made with what is in it.
-- Source: nothing; the two group roles are made by migrate. Feeds: every later file.

create schema core;
comment on schema core is 'Tables: the truth. Nothing in it depends on schema api.';

create schema agg;
comment on schema agg is
    'Continuous aggregates over core.event. Nothing in it depends on schema api.';

create schema formula;
comment on schema formula is
    'A DBA''s own formulas: core.formula names them. Migrate makes and changes nothing in it.';

grant usage on schema core, agg, formula to groundswell_service, groundswell_read;
alter default privileges in schema core, agg grant select on tables
to groundswell_service, groundswell_read;
