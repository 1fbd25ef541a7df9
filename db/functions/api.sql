-- The schema of the public SQL surface.
-- Source: nothing. Feeds: every file in api/.
create schema if not exists api;

comment on schema api is
    'Functions, procedures and views: the public SQL surface. Replaced in place by migrate.';

grant usage on schema api to groundswell_service, groundswell_read;
