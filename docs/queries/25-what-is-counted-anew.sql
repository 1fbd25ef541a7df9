-- Which stretches of days and quarter hours wait for a refresh, and are counted anew when read.
select level, stretch
from unnest(array['engagement_1m', 'engagement_15m', 'engagement_1d']) as level
cross join lateral unnest(api.unrefreshed(level)) as stretch
order by level, stretch;
