-- The chunks that there are, of core.event and of every aggregate.
-- Source: TimescaleDB's public views.
-- Feeds: api.lost_chunks, api.note_chunks, api.drop_counted, api.maintain_storage.
-- In PL/pgSQL, which keeps its plan for writers to ask often, and is no parsed body: an update of
-- the extension must find nothing that depends on its views. Its own tables change with its
-- versions: that of chunks names no table from 2.29 on.
create function api.level_chunks()
returns table (
    level text, chunk text, made_at timestamptz, begins timestamptz, ends timestamptz,
    is_compressed boolean
)
language plpgsql stable
set jit = off
as $$
begin
    return query
    select
        coalesce(aggregate.view_name, 'event')::text as level,
        format('%I.%I', stored.chunk_schema, stored.chunk_name) as chunk,
        stored.chunk_creation_time as made_at,
        stored.range_start as begins,
        stored.range_end as ends,
        stored.is_compressed
    from timescaledb_information.chunks as stored
    left join timescaledb_information.continuous_aggregates as aggregate
        on
            stored.hypertable_schema = aggregate.materialization_hypertable_schema
            and stored.hypertable_name = aggregate.materialization_hypertable_name
    where
        aggregate.view_schema = 'agg'
        or (stored.hypertable_schema = 'core' and stored.hypertable_name = 'event');
end;
$$;

comment on function api.level_chunks() is
    'Every chunk of every level: its table, when it was made, what it can hold, and whether it is '
    'in the columnstore, late rows aside.';
grant execute on function api.level_chunks() to groundswell_service, groundswell_read;
