-- The stretches of time that events are stored by.
select
    chunk.range_start as since,
    chunk.range_end as until
from timescaledb_information.chunks as chunk
where chunk.hypertable_schema = 'core' and chunk.hypertable_name = 'event'
order by chunk.range_start
