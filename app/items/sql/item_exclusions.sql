-- Every exclusion of an item, in force or lifted, the newest first.
select
    excluded.reason,
    excluded.excluded_by,
    excluded.excluded_at,
    excluded.lifted_by,
    excluded.lifted_at
from core.item_exclusion as excluded
where excluded.item_id = %(item_id)s::bigint
order by excluded.exclusion_id desc
