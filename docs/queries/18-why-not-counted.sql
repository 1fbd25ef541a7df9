-- Why events of the last 24 hours did not count: bots, repeats, or taken out by hand.
-- Reads: raw events.
-- Over: 1 day.
select
    coalesce(split_part(uncounted_because, ' ', 1), 'by hand') as reason,
    count(*) as events
from api.event
where occurred_at >= now() - interval '24 hours' and not counted
group by coalesce(split_part(uncounted_because, ' ', 1), 'by hand')
order by events desc;
