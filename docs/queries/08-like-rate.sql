-- Likes for each hundred views of the last 7 days, by the lower bound that can be believed in.
-- Over: 8 days.
select
    content_id,
    title,
    sum(views) as views,
    sum(likes) as likes,
    round(
        100 * api.wilson_bound(
            least(1, greatest(0, sum(likes)) / sum(views)::float8), sum(views)::float8, 1.96
        )::numeric, 2
    ) as like_rate
from api.engagement_daily
where bucket >= now() - interval '7 days'
group by content_type, content_id, title
having sum(views) >= 20
order by like_rate desc
limit 20;
