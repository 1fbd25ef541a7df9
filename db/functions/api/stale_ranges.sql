-- Stretches of time in which an aggregate does not say yet what the events say.
-- Source: TimescaleDB's watermarks, api.changed_ranges, core.aggregate_level, api.dropped_before.
-- Feeds: api.level_pieces.
-- Keeps: a level is stale also where one is that it is made of, and in all that is newer than what
-- it has counted: real-time reads would add that, from the items and not from the site. What is
-- gone is not stale: nothing else says it. Whole buckets of the level.
create function api.stale_ranges(since timestamptz, until timestamptz)
returns table (level text, stale tstzmultirange)
language plpgsql stable
set jit = off
as $$
begin
    return query
    with recursive counted as materialized (
        select
            width.name,
            width.source,
            width.bucket,
            greatest(
                stale_ranges.since,
                _timescaledb_functions.to_timestamp(mark.watermark)
            ) as until
        from core.aggregate_level as width
        inner join _timescaledb_catalog.continuous_agg as aggregate
            on aggregate.user_view_schema = 'agg' and width.name = aggregate.user_view_name
        -- The table, and no function: what is counted must be of the same snapshot.
        inner join _timescaledb_catalog.continuous_aggs_watermark as mark
            on aggregate.mat_hypertable_id = mark.mat_hypertable_id
    ),

    changed as materialized (
        select
            counted.name,
            counted.source,
            stretch.begins,
            stretch.ends
        from counted
        cross join lateral api.changed_ranges(
            counted.name,
            counted.bucket,
            time_bucket(counted.bucket, stale_ranges.since),
            least(
                time_bucket(counted.bucket, stale_ranges.until) + counted.bucket, counted.until
            )
        ) as stretch
        where counted.until > stale_ranges.since
    ),

    gone as materialized (
        select source.name, api.dropped_before(source.name) as before
        from (select distinct changed.source as name from changed) as source
    ),

    spread (name, begins, ends) as (
        select changed.name, greatest(changed.begins, gone.before), changed.ends
        from changed
        inner join gone on changed.source = gone.name
        where gone.before < changed.ends
        union
        select counted.name, counted.until, stale_ranges.until
        from counted
        where counted.until < stale_ranges.until
        union
        select width.name, spread.begins, spread.ends
        from spread
        inner join core.aggregate_level as width on spread.name = width.source
    )

    select
        width.name,
        range_agg(
            tstzrange(
                time_bucket(width.bucket, spread.begins),
                time_bucket(width.bucket, spread.ends - interval '1 microsecond') + width.bucket
            )
        )
    from spread
    inner join core.aggregate_level as width on spread.name = width.name
    group by width.name;
end;
$$;

comment on function api.stale_ranges(timestamptz, timestamptz) is
    'Of each aggregate that lags behind the events between two moments, where it does.';
grant execute on function api.stale_ranges(timestamptz, timestamptz)
to groundswell_service, groundswell_read;
