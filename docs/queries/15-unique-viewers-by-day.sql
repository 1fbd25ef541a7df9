-- Unique viewers of the site day by day (UTC), within 2.5 %.
with asked as (
    select api.bucket_edges(now() - interval '6 days', now(), '1d', 'UTC', 7) as edges
)

select asked.edges[seen.place] as day, seen.viewers
from asked
cross join lateral api.unique_viewers(asked.edges) as seen
order by day;
