-- The entries of a run, best first.
select
    rank,
    previous_rank,
    content_id,
    content_type,
    title,
    category,
    creator,
    score,
    views,
    likes,
    comments,
    shares
from api.snapshot_entries(%(run_id)s::bigint)
order by rank;
