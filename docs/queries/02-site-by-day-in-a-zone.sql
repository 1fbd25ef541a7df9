-- The whole site day by day by the clocks of a zone, from the site's own levels.
-- Over: 30 days.
with asked as (
    select api.bucket_edges(
        now() - interval '29 days', now(), '1d', 'Europe/Berlin', 30
    ) as edges
)

select
    (asked.edges[sums.place] at time zone 'Europe/Berlin')::date as day,
    sums.views,
    sums.likes,
    sums.comments,
    sums.shares
from asked
cross join lateral api.engagement_sums(asked.edges) as sums
order by day;
