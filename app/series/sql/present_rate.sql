-- Events of the last minute, and viewers of the last five.
select
    present.events,
    present.viewers
from api.present_rate(%(as_of)s::timestamptz) as present;
