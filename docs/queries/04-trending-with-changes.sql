-- What trends over 24 hours, and how each moved since the snapshot before.
select rank, previous_rank - rank as up, title, content_id, creator, score, views, likes
from api.trending_now
where "window" = '24h'
order by rank
limit 20;
