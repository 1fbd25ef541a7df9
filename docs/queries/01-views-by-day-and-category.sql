-- Views by day (UTC) and category, over 30 days.
-- Over: 30 days.
select bucket, category, sum(views) as views
from api.engagement_daily
where bucket >= now() - interval '30 days'
group by bucket, category
order by bucket, views desc;
