-- Have the next runs add the viewers of hours with events that came in beside the feed. What is
-- noted already is locked: a run takes it out after these events are committed, not before.
insert into core.viewer_recount (hour)
select noted.hour
from unnest(%(hours)s::timestamptz[]) as noted (hour)
on conflict (hour) do update set hour = excluded.hour;
