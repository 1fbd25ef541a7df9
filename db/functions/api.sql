-- The schema of everything that is replaced as a whole: the public SQL surface.
-- Source: app/migrate/migrate.py drops and makes it whenever a file in here changed.
-- Feeds: every file in api/.

create schema api;

comment on schema api is
    'Functions, procedures and views: the public SQL surface. Dropped and made again by migrate.';

grant usage on schema api to groundswell_service, groundswell_read;
