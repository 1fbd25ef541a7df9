-- Places of an item in the kept runs of a ranking, oldest first.
select
    run_id,
    as_of,
    rank,
    score
from api.item_ranks(
    %(ranking)s::text,
    %(content_type)s::text,
    %(content_id)s::text,
    %(since)s::timestamptz
)
order by as_of, run_id;
