-- The edges of the buckets that are asked for, those they are compared with, and the zone.
with zone as (
    select coalesce(%(zone)s::text, calendar.zone) as name from core.calendar as calendar
),

until as (
    select
        coalesce(
            %(until)s::timestamptz,
            api.first_moment(%(until_day)s::date::timestamp, zone.name),
            %(as_of)s::timestamptz
        ) as moment
    from zone
),

since as (
    select
        coalesce(
            %(since)s::timestamptz,
            api.first_moment(%(since_day)s::date::timestamp, zone.name),
            api.first_moment(
                (until.moment at time zone zone.name) - %(default_length)s::interval, zone.name
            )
        ) as moment
    from zone
    cross join until
),

counted as (
    select
        api.bucket_edges(
            since.moment,
            until.moment,
            %(width)s::text,
            zone.name,
            %(most)s::integer
        ) as edges
    from zone
    cross join since
    cross join until
),

earlier as (
    select
        case
            when %(compare)s::text = 'year' then api.first_moment(
                (counted.edges[1] at time zone zone.name)
                - case %(width)s::text
                    when '1w' then interval '364 days' else interval '1 year'
                end,
                zone.name
            )
            when %(width)s::text in ('1m', '15m', '1h') then
                counted.edges[1] - (cardinality(counted.edges) - 1) * %(length)s::interval
            else api.first_moment(
                (counted.edges[1] at time zone zone.name)
                - (cardinality(counted.edges) - 1) * %(length)s::interval,
                zone.name
            )
        end as begins
    from counted
    cross join zone
)

select
    zone.name as zone,
    since.moment as since,
    until.moment as until,
    counted.edges,
    case
        when %(compare)s::text is null then '{}'
        else api.bucket_edges(
            earlier.begins,
            'infinity',
            %(width)s::text,
            zone.name,
            cardinality(counted.edges) - 1
        )
    end as compared
from zone
cross join since
cross join until
cross join counted
cross join earlier;
