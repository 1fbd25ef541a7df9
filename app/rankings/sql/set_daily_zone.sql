-- Move the daily rankings to a zone; one row for each that has moved.
select moved.name as ranking
from api.set_daily_zone(%(zone)s::text) as moved (name);
