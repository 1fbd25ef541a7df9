-- What is stored, how large it is and how long it stays: a row for each level and each table.
-- Source: api.chunk_sizes, core.storage_policy, PostgreSQL's catalogue. Feeds: SQL dashboards.
create view api.storage_report as
select
    sized.level as name,
    case sized.level when 'event' then 'events' else 'aggregate' end as kind,
    count(*) as chunks,
    count(*) filter (where sized.is_columnar) as columnar_chunks,
    sum(sized.bytes)::bigint as bytes,
    min(sized.begins) as begins,
    max(sized.ends) as ends,
    policy.keep_for,
    policy.columnstore_after
from api.chunk_sizes() as sized
left join core.storage_policy as policy on sized.level = policy.level
group by sized.level, policy.keep_for, policy.columnstore_after
union all
select
    stored.root as name,
    'table' as kind,
    null::bigint as chunks,
    null::bigint as columnar_chunks,
    sum(stored.bytes)::bigint as bytes,
    null::timestamptz as begins,
    null::timestamptz as ends,
    policy.keep_for,
    null::interval as columnstore_after
from (
    -- Partitions as their table.
    select
        coalesce(parent.relname, leaf.relname)::text as root,
        pg_total_relation_size(leaf.oid) as bytes
    from pg_catalog.pg_class as leaf
    left join pg_catalog.pg_inherits as part on leaf.oid = part.inhrelid
    left join pg_catalog.pg_class as parent on part.inhparent = parent.oid
    where
        leaf.relnamespace = 'core'::regnamespace
        and leaf.relkind in ('r', 'p')
        and leaf.oid <> 'core.event'::regclass
) as stored
left join core.storage_policy as policy on stored.root = policy.level
group by stored.root, policy.keep_for;

comment on view api.storage_report is
    'Bytes of the raw events, of each aggregate and of each table of core, with chunks and '
    'retention. '
    'Stable.';
comment on column api.storage_report.name is 'The level of core.storage_policy, or the table.';
comment on column api.storage_report.kind is 'events, aggregate or table.';
comment on column api.storage_report.chunks is 'Its chunks; null for a table.';
comment on column api.storage_report.columnar_chunks is
    'Those in the columnstore; null for a table.';
comment on column api.storage_report.bytes is 'What it takes on disk, indexes included.';
comment on column api.storage_report.begins is 'Where its oldest chunk begins; null for a table.';
comment on column api.storage_report.ends is 'Where its newest chunk ends; null for a table.';
comment on column api.storage_report.keep_for is 'How long it is kept; null: for ever.';
comment on column api.storage_report.columnstore_after is
    'When its chunks turn columnar; null: never.';
grant select on api.storage_report to groundswell_service, groundswell_read;
