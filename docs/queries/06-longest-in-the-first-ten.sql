-- Who was among the first ten of trending_24h in the most kept runs of the last 7 days.
select content_type, content_id, title, count(*) as runs, min(rank) as best, max(as_of) as last_seen
from api.rank_history
where ranking = 'trending_24h' and as_of >= now() - interval '7 days' and rank <= 10
group by content_type, content_id, title
order by runs desc, best
limit 20;
