-- The buckets of an aggregate that its refreshes have yet to make again, or those below it.
-- Source: TimescaleDB's logs of changes, core.aggregate_level, api.dropped_before.
-- Feeds: api.engagement_1m, api.engagement_15m, api.engagement_1d, api.counted.
-- Keeps: an event that is committed and not in the aggregate, as it came late or was changed, lies
-- in one of them, on whatever beat refreshes come: the logs say so from the transaction of the
-- event to that of the refresh. Above its watermark an aggregate reads what it is made of, so
-- changes there are in it already. Whole buckets, none of which has lost what it is made of.
-- In PL/pgSQL, which keeps its plan, and is no parsed body: an update of the extension must find
-- nothing that depends on its logs. What is gone is only asked for where there is a change.
create function api.unrefreshed(level text, with_newest boolean default false)
returns tstzmultirange
language plpgsql stable
set jit = off
as $$
begin
    return (
        -- The aggregate, what it is made of, and so on.
        with recursive chain as (
            select wanted.name, wanted.source, wanted.bucket, true as is_wanted
            from core.aggregate_level as wanted
            where wanted.name = unrefreshed.level
            union all
            select finer.name, finer.source, chain.bucket, false as is_wanted
            from chain
            inner join core.aggregate_level as finer on chain.source = finer.name
        ),

        part as materialized (
            select
                chain.source,
                chain.bucket,
                chain.is_wanted,
                made.mat_hypertable_id,
                made.raw_hypertable_id,
                mark.watermark
            from chain
            inner join _timescaledb_catalog.continuous_agg as made
                on made.user_view_schema = 'agg' and chain.name = made.user_view_name
            inner join _timescaledb_catalog.continuous_aggs_watermark as mark
                on made.mat_hypertable_id = mark.mat_hypertable_id
        ),

        logged as materialized (
            select part.source, part.bucket, part.watermark, noted.lowest, noted.greatest
            from part
            cross join lateral (
                select log.lowest_modified_value, log.greatest_modified_value
                from _timescaledb_catalog.continuous_aggs_hypertable_invalidation_log as log
                where log.hypertable_id = part.raw_hypertable_id
                union all
                select log.lowest_modified_value, log.greatest_modified_value
                from _timescaledb_catalog.continuous_aggs_materialization_invalidation_log as log
                where log.materialization_id = part.mat_hypertable_id
                union all
                select log.lowest_modified_value, log.greatest_modified_value
                from _timescaledb_catalog.continuous_aggs_materialization_ranges as log
                where log.materialization_id = part.mat_hypertable_id
            ) as noted (lowest, greatest)
            -- Nothing is older than what api.dropped_before begins with.
            where
                noted.lowest < part.watermark
                and noted.greatest >= _timescaledb_functions.time_to_internal(
                    timestamptz '2000-01-01 00:00:00+00'
                )
        ),

        whole as materialized (
            select part.source, part.is_wanted, api.dropped_before(part.source) as since
            from part
            where exists (select 1 from logged)
        ),

        -- Bounded as numbers: what changes all of a table is logged beyond what a timestamp can be.
        changed as (
            select
                logged.bucket,
                greatest(
                    logged.lowest, _timescaledb_functions.time_to_internal(whole.since)
                ) as lowest,
                least(logged.greatest, logged.watermark - 1) as greatest
            from logged
            inner join whole on logged.source = whole.source
        ),

        stretch as (
            select
                tstzrange(
                    time_bucket(
                        changed.bucket, _timescaledb_functions.to_timestamp(changed.lowest)
                    ),
                    time_bucket(
                        changed.bucket, _timescaledb_functions.to_timestamp(changed.greatest)
                    ) + changed.bucket
                ) * tstzrange((select since from whole where is_wanted), null) as moments
            from changed
            where changed.lowest <= changed.greatest
            union all
            select tstzrange(_timescaledb_functions.to_timestamp(part.watermark), null)
            from part
            where part.is_wanted and unrefreshed.with_newest
        )

        select coalesce(range_agg(stretch.moments), '{}') from stretch
    );
end;
$$;

comment on function api.unrefreshed(text, boolean) is
    'The stretches of time in which an aggregate of agg does not hold the newest counts; with all '
    'that is above its watermark, if wanted. '
    'Stable.';
grant execute on function api.unrefreshed(text, boolean) to groundswell_service, groundswell_read;
