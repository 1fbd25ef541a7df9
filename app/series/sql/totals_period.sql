-- A period between two moments, the one it is compared with, and the zone.
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

-- By the clocks of the zone: the same days, however long they are.
shift as (
    select
        case
            when %(compare)s::text = 'year' then interval '1 year'
            else
                (until.moment at time zone zone.name) - (since.moment at time zone zone.name)
        end as length
    from zone
    cross join since
    cross join until
)

select
    zone.name as zone,
    since.moment as since,
    until.moment as until,
    array[since.moment, until.moment] as edges,
    case
        when %(compare)s::text is null then '{}'
        else array[
            api.first_moment((since.moment at time zone zone.name) - shift.length, zone.name),
            case
                when %(compare)s::text = 'previous' then since.moment
                else
                    api.first_moment(
                        (until.moment at time zone zone.name) - shift.length, zone.name
                    )
            end
        ]
    end as compared
from zone
cross join since
cross join until
cross join shift;
