-- Where the buckets of a series begin and end, by the calendar and the clocks of a zone.
-- Source: PostgreSQL's time zones. Feeds: GET /analytics/series, api.engagement_sums.
-- Keeps: the first bucket is the one that since lies in; each lies between two neighbouring edges,
-- so that together they cover every moment once, whatever clock changes lie between: a day has 23
-- or 25 hours then, an hour 90 minutes where clocks go back by 30, and a day that a zone left out
-- has no bucket. At most `most` buckets, and none that begins at until or later.
create function api.bucket_edges(
    since timestamptz, until timestamptz, width text, zone text, most integer
)
returns timestamptz[]
language sql immutable parallel safe
begin atomic
with step as (
    select
        case bucket_edges.width
            when '1m' then time_bucket(interval '1 minute', bucket_edges.since)
            when '15m' then time_bucket(interval '15 minutes', bucket_edges.since)
        end + n * case bucket_edges.width when '1m' then interval '1 minute'
            else interval '15 minutes'
        end as edge
    from generate_series(0, bucket_edges.most) as n
    where bucket_edges.width in ('1m', '15m')
    union all
    -- Clocks are ahead of UTC by whole quarters of an hour.
    select quarter.edge
    from generate_series(-8, 4 * bucket_edges.most + 12) as n
    cross join lateral (
        select
            time_bucket(interval '15 minutes', bucket_edges.since) + n * interval '15 minutes'
                as edge
    ) as quarter
    where
        bucket_edges.width = '1h'
        and extract(minute from quarter.edge at time zone bucket_edges.zone) = 0
    union all
    select
        api.first_moment(
            date_trunc(unit.name, bucket_edges.since at time zone bucket_edges.zone)
            + n * unit.length,
            bucket_edges.zone
        )
    from (
        values ('1d', 'day', interval '1 day'), ('1w', 'week', interval '1 week'),
        ('1mo', 'month', interval '1 month')
    ) as unit (width, name, length)
    -- Some more, of which those of left out days are the same.
    cross join generate_series(-1, bucket_edges.most + 2) as n
    where bucket_edges.width = unit.width
),

sorted as (
    select
        step.edge,
        row_number() over (order by step.edge) as place
    from step
    where
        step.edge
        >= (select max(begun.edge) from step as begun
where begun.edge <= bucket_edges.since)
    group by step.edge
)

select array_agg(sorted.edge order by sorted.edge)
from sorted
where
    sorted.place <= bucket_edges.most + 1
    and sorted.place <= 1 + (
        select count(*) from sorted as counted
where counted.edge < bucket_edges.until
    );
end;

comment on function api.bucket_edges(timestamptz, timestamptz, text, text, integer) is
    'The edges, one more than buckets, of the buckets 1m, 15m, 1h, 1d, 1w (from Monday) or 1mo of '
    'a zone from the one that a moment lies in up to another moment. '
    'Stable.';
grant execute on function api.bucket_edges(timestamptz, timestamptz, text, text, integer)
to groundswell_service, groundswell_read;
