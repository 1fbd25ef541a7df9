-- Rename viewers in a stretch of the sets, or take them out; where the next one begins, if any.
select
    forgotten.next_day::text as since_day,
    forgotten.next_item as since_item,
    forgotten.next_entry as since_entry
from api.forget_viewer_sets(
    viewers => %(viewers)s::bigint[],
    salt => %(salt)s::bigint,
    purges => %(purges)s::boolean,
    since_day => %(since_day)s::date,
    since_item => %(since_item)s::bigint,
    since_entry => %(since_entry)s::bigint
) as forgotten
