-- How fresh each list is, and when its order was last confirmed.
select name, formula, "window", schedule, as_of, now() - confirmed_at as age
from api.ranking_overview
where enabled
order by age desc nulls first;
