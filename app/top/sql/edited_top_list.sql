-- The places of a top list as editorial rules want them, from its members and their counts.
select
    item_id,
    name,
    count,
    mark
from api.edited_top_list(
    %(ranking)s::text,
    coalesce(
        %(item_ids)s::bigint[],
        array_fill(null::bigint, array[cardinality(%(counts)s::double precision[])])
    ),
    coalesce(
        %(names)s::text[],
        array_fill(null::text, array[cardinality(%(counts)s::double precision[])])
    ),
    %(counts)s::double precision[],
    statement_timestamp()
)
order by rank;
