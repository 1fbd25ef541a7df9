-- Bayesian average of an item's rating: (n·rating + m·mean) / (n + m), where n is how many rated
-- it, mean is that of the rated items of its content type, and m (option strength) how many ratings
-- it takes to outweigh it. Items without a rating: the Wilson lower bound of likes among views,
-- less 1: a like is not a mark, so they stand behind all that have one.
-- Source: core.item.attributes, api.exclusion_in_force, api.candidates. Feeds: api.ranked.
-- Option contentTypes: only items of these; empty: of all.
-- Keeps: between 0 and 1, without a rating between -1 and 0. A rated item is listed without any
-- event; an excluded one nowhere, nor in the mean. Never below nor above both of rating and mean.
create function api.rating(ranking core.ranking, as_of timestamptz)
returns table (
    subject text, item_id bigint, score double precision, components double precision[]
)
language sql stable
begin atomic
with option as materialized (
    select
        api.ranking_option(ranking, 'scale')::float8 as scale,
        api.ranking_option(ranking, 'strength')::float8 as strength,
        api.ranking_option(ranking, 'z')::float8 as z,
        nullif(api.ranking_option(ranking, 'contentTypes')::jsonb, '[]') as content_types
),

rated as materialized (
    select
        item.item_id,
        item.content_type,
        given.rating,
        given.ratings
    from core.item as item
    cross join option
    cross join lateral api.item_rating(item.attributes, option.scale) as given
    where
        item.attributes ? 'rating'
        and ((ranking).content_type is null or item.content_type = (ranking).content_type)
        and (option.content_types is null or option.content_types ? item.content_type)
        and item.item_id not in (
            select excluded.item_id from api.exclusion_in_force as excluded
        )
),

mean as materialized (
    select
        rated.content_type,
        avg(rated.rating) as rating
    from rated
    group by rated.content_type
),

trial as (
    select
        candidate.item_id,
        candidate.likes,
        candidate.views::float8 as n,
        least(greatest(candidate.likes, 0), candidate.views)::float8 / candidate.views as p
    from api.candidates(ranking) as candidate
    cross join option
    where
        candidate.views > 0
        and (
            option.content_types is null
            or exists (
                select 1
                from core.item as item
                where
                    item.item_id = candidate.item_id
                    and option.content_types ? item.content_type
            )
        )
        and not exists (
            select 1
            from rated
            where rated.item_id = candidate.item_id
        )
)

select
    null::text,
    rated.item_id,
    (rated.ratings * rated.rating + option.strength * mean.rating)
    / (rated.ratings + option.strength),
    array[rated.rating, rated.ratings, mean.rating, 0, 0]
from rated
inner join mean on rated.content_type = mean.content_type
cross join option
union all
select
    null::text,
    trial.item_id,
    api.wilson_bound(trial.p, trial.n, option.z) - 1,
    array[0, 0, 0, trial.likes, trial.n]
from trial
cross join option;
end;

comment on function api.rating(core.ranking, timestamptz) is
    'Bayesian average of the catalogue''s rating, 0 to 1, or else the Wilson bound of likes among '
    'views less 1.';
grant execute on function api.rating(core.ranking, timestamptz)
to groundswell_service, groundswell_read;
