-- Seconds watched for each view, by category, over 7 days.
-- Over: 8 days.
select
    category,
    sum(views) as views,
    round((sum(watch_seconds) / nullif(sum(views), 0))::numeric, 1) as seconds_a_view
from api.engagement_daily
where bucket >= now() - interval '7 days'
group by category
order by seconds_a_view desc nulls last;
