-- Which database this session is of: after a restore or a failover it is another one.
select
    pg_postmaster_start_time() as started_at,
    here.oid::bigint as database_id
from pg_catalog.pg_database as here
where here.datname = current_database()
