-- Enabled rankings whose newest list holds an item that has been excluded since.
select r.name as ranking
from core.ranking as r
where r.enabled and api.holds_excluded(r.ranking_id)
order by r.name;
