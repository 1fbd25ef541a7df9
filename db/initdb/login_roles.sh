#!/bin/bash
# Makes the login role that the API and the worker use, when compose's database is first set up.
# The group roles belong to the whole server: `groundswell migrate` finds them made, and grants to
# them. On a server of your own, do the same by hand (docs/operations.md).
set -euo pipefail

psql -v ON_ERROR_STOP=1 --no-psqlrc --username "$POSTGRES_USER" --dbname "$POSTGRES_DB" <<'SQL'
\getenv password GROUNDSWELL_DB_PASSWORD
create role groundswell_service nologin;
create role groundswell_read nologin;
create role groundswell login password :'password' in role groundswell_service;
SQL
