-- This week against the one before, by category: the last 7 days and the 7 before them.
-- Over: 15 days.
select
    category,
    sum(views) filter (where bucket >= now() - interval '7 days') as views,
    sum(views) filter (where bucket < now() - interval '7 days') as views_before,
    round(
        100.0 * sum(views) filter (where bucket >= now() - interval '7 days')
        / nullif(sum(views) filter (where bucket < now() - interval '7 days'), 0) - 100, 1
    ) as change_percent
from api.engagement_hourly
where bucket >= now() - interval '14 days'
group by category
order by views desc nulls last;
