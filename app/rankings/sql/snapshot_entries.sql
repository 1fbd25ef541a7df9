-- The entries of one list of a run, best first.
select
    rank,
    previous_rank,
    content_id,
    content_type,
    title,
    category,
    creator,
    score,
    is_hot,
    views,
    likes,
    comments,
    shares,
    pinned,
    featured
from api.snapshot_entries(%(run_id)s::bigint, %(segment)s::text)
order by rank;
