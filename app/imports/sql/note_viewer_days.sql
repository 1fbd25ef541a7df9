-- Have the next runs add the viewers of the days (UTC) of events that came in beside the feed. What
-- is noted already is locked: a run takes it out after these events are committed, not before.
insert into core.viewer_recount (day)
select day.begins::date
from generate_series(
    date_trunc('day', %(first_at)s::timestamptz at time zone 'UTC'),
    %(last_at)s::timestamptz at time zone 'UTC',
    interval '1 day'
) as day (begins)
on conflict (day) do update set day = excluded.day;
