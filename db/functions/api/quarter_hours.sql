-- The quarter hours of a day (UTC) that a stretch of time touches.
-- Source: the stretch. Feeds: api.unique_viewers, api.seen_viewers.
create function api.quarter_hours(day date, since timestamptz, until timestamptz)
returns bit
language sql immutable parallel safe
return (
    select (~0::bit(96) >> greatest(0, least(96, part.first)))
        & (~0::bit(96) << greatest(0, least(96, 96 - part.after)))
    from (
        select
            floor(
                date_part('epoch', greatest(since, '0001-01-01 00:00:00+00')) / 900
                - 96 * (day - date '1970-01-01')
            )::bigint::integer as first,
            ceil(
                date_part('epoch', least(until, '9999-01-01 00:00:00+00')) / 900
                - 96 * (day - date '1970-01-01')
            )::bigint::integer as after
    ) as part
);

comment on function api.quarter_hours(date, timestamptz, timestamptz) is
    'Which of the 96 quarter hours of a day lie between two moments, wholly or in part.';
grant execute on function api.quarter_hours(date, timestamptz, timestamptz)
to groundswell_service, groundswell_read;
