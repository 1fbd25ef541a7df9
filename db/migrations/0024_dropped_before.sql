-- migrate:up
-- Up to where retention has really dropped each level: what is refreshed, recounted and accepted
-- depends on that, not on how long things are to be kept from now on.
-- Source: api.maintain_storage. Feeds: api.refresh_aggregates, api.raw_since, api.hold_raw_events.

alter table core.storage_policy add column dropped_before timestamptz;
comment on column core.storage_policy.dropped_before is
    'Chunks up to here have been dropped, and nothing is refreshed or accepted there any more: it '
    'would replace counts by those of what is left. Null as long as nothing has been. Kept by '
    'api.maintain_storage.';

-- Where this database is older than this column: what is not there any more may have been dropped.
update core.storage_policy as policy
set dropped_before = greatest(oldest.begins, now() - policy.keep_for)
from (
    select
        coalesce(aggregate.view_name, 'event') as level,
        min(chunk.range_start) as begins
    from timescaledb_information.chunks as chunk
    left join timescaledb_information.continuous_aggregates as aggregate
        on
            chunk.hypertable_schema = aggregate.materialization_hypertable_schema
            and chunk.hypertable_name = aggregate.materialization_hypertable_name
    where
        aggregate.view_schema = 'agg'
        or (chunk.hypertable_schema, chunk.hypertable_name) = ('core', 'event')
    group by aggregate.view_name
) as oldest
where policy.level = oldest.level and policy.keep_for is not null;

-- migrate:down
-- squawk-ignore ban-drop-column
alter table core.storage_policy drop column dropped_before;
