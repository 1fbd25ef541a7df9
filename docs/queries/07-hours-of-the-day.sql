-- Views by hour of the day and day of the week by the clocks of a zone: when people come.
-- Over: 28 days.
select
    extract(isodow from bucket at time zone 'Europe/Berlin')::integer as weekday,
    extract(hour from bucket at time zone 'Europe/Berlin')::integer as hour,
    sum(views) / 4.0 as views_in_a_week
from api.engagement_hourly
where bucket >= now() - interval '28 days'
group by
    extract(isodow from bucket at time zone 'Europe/Berlin')::integer,
    extract(hour from bucket at time zone 'Europe/Berlin')::integer
order by weekday, hour;
