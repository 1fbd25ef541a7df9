-- What the doctor asks the server.
select
    clock_timestamp() as now,
    pg_catalog.pg_database_size(pg_catalog.current_database()) as bytes,
    pg_catalog.pg_is_in_recovery() as is_standby,
    pg_catalog.current_setting('max_connections')::integer as most_connections,
    pg_catalog.pg_postmaster_start_time() as started_at,
    (
        select count(*)::integer
        from pg_catalog.pg_stat_activity as activity
        -- The server's own processes, TimescaleDB's and pg_cron's take no place of a client.
        where activity.backend_type = 'client backend'
    ) as connections,
    (
        select extract(epoch from max(clock_timestamp() - activity.state_change))::float8
        from pg_catalog.pg_stat_activity as activity
        where activity.state in ('idle in transaction', 'idle in transaction (aborted)')
    ) as oldest_idle_transaction,
    (
        select string_agg(extension.extname || ' ' || extension.extversion, ', ')
        from pg_catalog.pg_extension as extension
        where extension.extname in ('timescaledb', 'pg_cron')
    ) as extensions,
    pg_catalog.current_setting('server_version') as version;
