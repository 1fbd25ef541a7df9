-- The chunks that there are, of core.event and of every aggregate.
-- Source: TimescaleDB's catalogue. Feeds: api.lost_chunks, api.note_chunks, api.maintain_storage.
-- In PL/pgSQL, which keeps its plan for writers to ask often, and is no parsed body: an update of
-- the extension must find nothing that depends on its views.
create function api.level_chunks()
returns table (
    level text, chunk text, made_at timestamptz, begins timestamptz, ends timestamptz,
    is_columnar boolean
)
language plpgsql stable
set jit = off
as $$
begin
    return query
    select
        coalesce(aggregate.user_view_name, 'event')::text as level,
        format('%I.%I', stored.chunk_schema, stored.chunk_name) as chunk,
        stored.chunk_creation_time as made_at,
        stored.range_start as begins,
        stored.range_end as ends,
        -- 8: late rows have come in beside the columnar ones.
        stored.is_compressed and rows.status & 8 = 0 as is_columnar
    from timescaledb_information.chunks as stored
    inner join _timescaledb_catalog.chunk as rows
        on stored.chunk_schema = rows.schema_name and stored.chunk_name = rows.table_name
    left join _timescaledb_catalog.hypertable as hypertable
        on
            stored.hypertable_schema = hypertable.schema_name
            and stored.hypertable_name = hypertable.table_name
    left join _timescaledb_catalog.continuous_agg as aggregate
        on hypertable.id = aggregate.mat_hypertable_id
    where
        aggregate.user_view_schema = 'agg'
        or (stored.hypertable_schema = 'core' and stored.hypertable_name = 'event');
end;
$$;

comment on function api.level_chunks() is
    'Every chunk of every level: its table, when it was made, what it can hold, and whether all '
    'of it is in the columnstore.';
grant execute on function api.level_chunks() to groundswell_service, groundswell_read;
