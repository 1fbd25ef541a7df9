-- Stretches of time in which the source of an aggregate has changed since its last refresh.
-- Source: Timescale's own log of changes. Feeds: api.refresh_aggregates.
-- Keeps: whole buckets, in order, apart from each other, and never more than 100: where there are
-- more, the narrowest gaps are closed, which adds the least. They cover all that is in the log.
-- A text, not a parsed body: an update of the extension must find nothing that depends on its log.
create function api.changed_ranges(
    level text, bucket interval, since timestamptz, until timestamptz
)
returns table (begins timestamptz, ends timestamptz)
language sql stable
set jit = off
as $$
with changed as (
    select
        time_bucket(bucket, greatest(since, noted.earliest)) as begins,
        time_bucket(bucket, least(until, noted.latest)) + bucket as ends
    from _timescaledb_catalog.continuous_agg as aggregate
    inner join _timescaledb_catalog.continuous_aggs_hypertable_invalidation_log as log
        on aggregate.raw_hypertable_id = log.hypertable_id
    cross join lateral (
        select
            _timescaledb_functions.to_timestamp(log.lowest_modified_value) as earliest,
            _timescaledb_functions.to_timestamp(log.greatest_modified_value) as latest
    ) as noted
    where
        aggregate.user_view_schema = 'agg'
        and aggregate.user_view_name = level
        and noted.latest >= since
        and noted.earliest < until
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
order by begins
$$;

comment on function api.changed_ranges(text, interval, timestamptz, timestamptz) is
    'What a refresh of an aggregate in agg has to redo between two bucket edges, at most 100 rows.';
