-- What rankings leave out now, the longest excluded first.
select
    excluded.content_type,
    excluded.content_id,
    excluded.title,
    excluded.reason,
    excluded.excluded_by,
    excluded.excluded_at
from api.excluded_item as excluded
order by excluded.excluded_at, excluded.content_type, excluded.content_id
