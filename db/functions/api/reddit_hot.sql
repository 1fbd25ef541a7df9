-- Magnitude and youth: log10(max(points, 1)) + seconds from 2005-12-08 07:46:43 UTC to birth over
-- 45000.
-- Source: api.item_points; Reddit's hot sort (2010). Feeds: api.ranked.
create function api.reddit_hot(ranking core.ranking, as_of timestamptz)
returns table (
    subject text, item_id bigint, score double precision, components double precision[]
)
language sql stable
begin atomic
-- Materialized: asked once, not for each item.
with option as materialized (
    select nullif(api.ranking_option(ranking, 'seconds')::float8, 0) as seconds
),

part as (
    select
        item.item_id,
        log(greatest(item.points, 1)) as magnitude,
        date_part(
            'epoch',
            least(item.born_at, reddit_hot.as_of) - '2005-12-08 07:46:43+00'::timestamptz
        ) / option.seconds as age
    from api.item_points(ranking) as item
    cross join option
)

select
    null::text,
    part.item_id,
    part.magnitude + coalesce(part.age, 0),
    array[part.magnitude, coalesce(part.age, 0)]
from part;
end;

comment on function api.reddit_hot(core.ranking, timestamptz) is
    'Ten times the points are worth 45,000 seconds (12.5 hours) of youth.';
grant execute on function api.reddit_hot(core.ranking, timestamptz)
to groundswell_service, groundswell_read;
