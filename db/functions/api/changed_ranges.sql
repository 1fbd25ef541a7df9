-- Stretches of time that an aggregate has not counted as they are now.
-- Source: TimescaleDB's logs of changes. Feeds: api.refresh_aggregates, api.drop_counted,
-- api.stale_ranges.
-- Keeps: whole buckets, in order, apart from each other, and never more than 100: where there are
-- more, the narrowest gaps are closed, which adds the least. They cover all that is in the logs: a
-- change is in the source's until any aggregate of that source is refreshed, then in the log of
-- each aggregate until that one is, and in its ranges while it is or where that was cut off.
-- In PL/pgSQL: an update of the extension must find nothing that depends on its logs, and a version
-- that keeps them otherwise is told of in words.
create function api.changed_ranges(
    level text, bucket interval, since timestamptz, until timestamptz
)
returns table (begins timestamptz, ends timestamptz)
language plpgsql stable
set jit = off
as $$
#variable_conflict use_column
begin
    return query
    with logged as (
        select
            log.lowest_modified_value as lowest,
            log.greatest_modified_value as greatest
        from _timescaledb_catalog.continuous_agg as aggregate
        cross join lateral (
            select
                noted.lowest_modified_value,
                noted.greatest_modified_value
            from _timescaledb_catalog.continuous_aggs_hypertable_invalidation_log as noted
            where noted.hypertable_id = aggregate.raw_hypertable_id
            union all
            select
                noted.lowest_modified_value,
                noted.greatest_modified_value
            from _timescaledb_catalog.continuous_aggs_materialization_invalidation_log as noted
            where noted.materialization_id = aggregate.mat_hypertable_id
            union all
            select
                noted.lowest_modified_value,
                noted.greatest_modified_value
            from _timescaledb_catalog.continuous_aggs_materialization_ranges as noted
            where noted.materialization_id = aggregate.mat_hypertable_id
        ) as log
        where aggregate.user_view_schema = 'agg' and aggregate.user_view_name = level
    ),

    changed as (
        select
            time_bucket(bucket, _timescaledb_functions.to_timestamp(noted.lowest)) as begins,
            time_bucket(bucket, _timescaledb_functions.to_timestamp(noted.greatest)) + bucket as ends
        from (
            -- Bounded as numbers: what changes all of a table is logged beyond what a timestamp can be.
            select
                greatest(logged.lowest, bounds.since) as lowest,
                least(logged.greatest, bounds.until) as greatest
            from logged
            cross join (
                select
                    _timescaledb_functions.time_to_internal(since) as since,
                    _timescaledb_functions.time_to_internal(until) as until
            ) as bounds
            where logged.greatest >= bounds.since and logged.lowest < bounds.until
        ) as noted
    ),

    spaced as (
        select
            changed.begins,
            changed.ends,
            changed.begins - max(changed.ends) over (
                order by changed.begins, changed.ends
                rows between unbounded preceding and 1 preceding
            ) as gap
        from changed
    ),

    cut as (
        select
            spaced.begins,
            spaced.ends,
            spaced.gap > interval '0'
            and row_number() over (order by spaced.gap desc nulls last) < 100 as begins_anew
        from spaced
    ),

    numbered as (
        select
            cut.begins,
            cut.ends,
            count(*) filter (where cut.begins_anew) over (order by cut.begins, cut.ends) as stretch
        from cut
    )

    select
        min(numbered.begins) as begins,
        least(until, max(numbered.ends)) as ends
    from numbered
    group by numbered.stretch
    order by begins;
exception when undefined_table or undefined_column or undefined_function then
    raise exception using
        errcode = 'feature_not_supported',
        message = format(
            'TimescaleDB %s keeps its logs of changes otherwise than 2.23 to 2.32 do (%s): '
            'aggregates cannot be refreshed, nor old events dropped',
            (select extension.extversion from pg_extension as extension where extname = 'timescaledb'),
            sqlerrm
        );
end;
$$;

comment on function api.changed_ranges(text, interval, timestamptz, timestamptz) is
    'What a refresh of an aggregate in agg has to redo between two bucket edges, at most 100 rows.';
grant execute on function api.changed_ranges(text, interval, timestamptz, timestamptz)
to groundswell_service, groundswell_read;
