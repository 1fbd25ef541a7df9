-- Creators of the last 30 days: items that were seen, views, likes and hours watched.
-- Over: 31 days.
select
    creator,
    count(distinct (content_type, content_id)) as items,
    sum(views) as views,
    sum(likes) as likes,
    round((sum(watch_seconds) / 3600)::numeric, 1) as hours_watched
from api.engagement_daily
where bucket >= now() - interval '30 days' and creator is not null
group by creator
order by views desc
limit 20;
