-- Top risers: views of the last 24 hours against the 24 before, with a minimum of support.
-- Over: 2 days.
select
    content_type,
    content_id,
    title,
    sum(views) filter (where bucket >= now() - interval '24 hours') as views,
    sum(views) filter (where bucket < now() - interval '24 hours') as views_before
from api.engagement_hourly
where bucket >= now() - interval '48 hours'
group by content_type, content_id, title
having sum(views) filter (where bucket >= now() - interval '24 hours') >= 10
order by
    sum(views) filter (where bucket >= now() - interval '24 hours')
    - coalesce(sum(views) filter (where bucket < now() - interval '24 hours'), 0) desc
limit 20;
