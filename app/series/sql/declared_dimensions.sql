-- The keys of the metadata that are counted by themselves.
select
    known.key,
    known.names,
    known.counted_since
from core.dimension as known
order by known.key;
