-- Set the zone of the calendar windows; one row where that is a change.
select changed as zone
from api.set_calendar_zone(%(zone)s::text) as changed;
