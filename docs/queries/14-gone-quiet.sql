-- Items that were viewed two weeks ago and not in the last three days.
-- Over: 15 days.
select content_type, content_id, title, sum(views) as views, max(bucket) as last_day
from api.engagement_daily
where bucket >= now() - interval '14 days'
group by content_type, content_id, title
having max(bucket) < now() - interval '3 days'
order by views desc
limit 20;
