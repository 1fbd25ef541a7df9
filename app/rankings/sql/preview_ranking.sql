-- Places under changed settings beside the present ones.
select
    rank,
    current_rank,
    content_id,
    content_type,
    title,
    score,
    current_score
from api.preview_ranking(%(ranking)s::text, %(changes)s::jsonb, %(as_of)s::timestamptz);
