-- What each chunk of core.event and of every aggregate takes.
-- Source: TimescaleDB's public views and functions, api.level_chunks. Feeds: api.storage_report.
-- In PL/pgSQL for the reason of api.level_chunks: an update of the extension must find nothing that
-- depends on what it has.
create function api.chunk_sizes()
returns table (
    level text, chunk text, begins timestamptz, ends timestamptz, is_columnar boolean, bytes bigint
)
language plpgsql stable
set jit = off
as $$
begin
    return query
    select stored.level, stored.chunk, stored.begins, stored.ends, stored.is_compressed,
        sized.total_bytes
    from (
        select 'event' as level, 'core.event'::regclass as hypertable
        union all
        select
            aggregate.view_name::text,
            format(
                '%I.%I',
                aggregate.materialization_hypertable_schema,
                aggregate.materialization_hypertable_name
            )::regclass
        from timescaledb_information.continuous_aggregates as aggregate
        where aggregate.view_schema = 'agg'
    ) as known
    cross join lateral chunks_detailed_size(known.hypertable) as sized
    inner join api.level_chunks() as stored
        on known.level = stored.level
        and format('%I.%I', sized.chunk_schema, sized.chunk_name) = stored.chunk;
end;
$$;

comment on function api.chunk_sizes() is
    'Every chunk of every level: what time it holds, whether it is in the columnstore, and its '
    'bytes with indexes. '
    'Stable.';
grant execute on function api.chunk_sizes() to groundswell_service, groundswell_read;
