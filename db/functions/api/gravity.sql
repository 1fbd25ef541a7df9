-- Points against age: max(points - 1, 0)^0.8 / (age in hours + 2)^1.8.
-- Source: api.item_points; Hacker News (news.arc, 2009). Feeds: api.ranked.
create function api.gravity(ranking core.ranking, as_of timestamptz)
returns table (
    subject text, item_id bigint, score double precision, components double precision[]
)
language sql stable
begin atomic
-- Materialized: asked once, not for each item.
with option as materialized (
    select
        api.ranking_option(ranking, 'pointsExponent')::float8 as points_exponent,
        greatest(api.ranking_option(ranking, 'ageOffset')::float8, 0.01) as age_offset,
        api.ranking_option(ranking, 'ageExponent')::float8 as age_exponent
),

part as (
    select
        item.item_id,
        item.points,
        greatest(date_part('epoch', gravity.as_of - item.born_at), 0) / 3600 as age_hours
    from api.item_points(ranking) as item
)

select
    null::text,
    part.item_id,
    greatest(part.points - 1, 0) ^ option.points_exponent
    / (part.age_hours + option.age_offset) ^ option.age_exponent,
    array[part.points, part.age_hours]
from part
cross join option;
end;

comment on function api.gravity(core.ranking, timestamptz) is
    'Points against age: new items rise quickly, all sink in the end.';
grant execute on function api.gravity(core.ranking, timestamptz)
to groundswell_service, groundswell_read;
