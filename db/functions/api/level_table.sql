-- The table that holds what an aggregate has counted.
-- Source: TimescaleDB's catalogue. Feeds: api.erase_item.
-- In PL/pgSQL, which is no parsed body: an update of the extension must find nothing that depends
-- on its views.
create function api.level_table(level text)
returns text
language plpgsql stable
as $$
begin
    return (
        select
            format(
                '%I.%I',
                aggregate.materialization_hypertable_schema,
                aggregate.materialization_hypertable_name
            )
        from timescaledb_information.continuous_aggregates as aggregate
        where aggregate.view_schema = 'agg' and aggregate.view_name = level
    );
end;
$$;

comment on function api.level_table(text) is
    'Schema and name of the hypertable of an aggregate in agg.';
