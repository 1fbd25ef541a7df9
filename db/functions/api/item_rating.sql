-- The rating that the catalogue has of an item, as a share of the best there is, and how many gave
-- it. Source: core.item.attributes (rating, ratingCount). Feeds: api.rating.
-- Keeps: no row where there is no rating: where it is missing, no number, not within 0 and scale,
-- or nobody's (a count of 0). A count that is missing or makes no sense is 1. Never fails, whatever
-- the attributes are: numbers are compared as they are and rounded before they become floats.
create function api.item_rating(attributes jsonb, scale double precision)
returns table (rating double precision, ratings double precision)
language sql immutable parallel safe rows 1
begin atomic
select
    coalesce(round(given.rating, 9)::float8 / nullif(scale, 0), 0),
    case when given.ratings between 0 and 1e12 then round(given.ratings, 9) else 1 end::float8
from (
    select
        case jsonb_typeof(attributes -> 'rating')
            when 'number' then (attributes -> 'rating')::numeric
        end as rating,
        case jsonb_typeof(attributes -> 'ratingCount')
            when 'number' then (attributes -> 'ratingCount')::numeric
        end as ratings
) as given
where given.rating between 0 and scale::numeric and given.ratings is distinct from 0;
end;

comment on function api.item_rating(jsonb, double precision) is
    'Rating from 0 to 1 and number of ratings, of attributes whose rating goes up to scale.';
grant execute on function api.item_rating(jsonb, double precision)
to groundswell_service, groundswell_read;
