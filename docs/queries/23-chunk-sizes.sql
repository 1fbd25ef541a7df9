-- Chunks by size, and which of them are columnar: where the disk goes.
select level, begins, ends, is_columnar, pg_size_pretty(bytes) as size
from api.chunk_sizes()
order by bytes desc
limit 20;
