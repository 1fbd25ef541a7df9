-- How concentrated views are: which share of a week's views the most viewed percent of items has.
-- Over: 8 days.
with viewed as (
    select
        content_type,
        content_id,
        sum(views) as views,
        percent_rank() over (order by sum(views) desc) as place
    from api.engagement_daily
    where bucket >= now() - interval '7 days'
    group by content_type, content_id
)

select
    count(*) as items,
    round(100 * sum(views) filter (where place <= 0.01) / nullif(sum(views), 0), 1) as first_100th,
    round(100 * sum(views) filter (where place <= 0.1) / nullif(sum(views), 0), 1) as first_tenth
from viewed;
