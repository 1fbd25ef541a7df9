-- What a user, or whoever is at an item, may like next, and why.
-- Source: core.item_neighbour, core.event, core.item_like, api.current_ranking.
-- Feeds: GET /recommendations.
-- Keeps: nothing excluded or erased, nothing that the user has acted on (of the newest thousand
-- actions) or likes, at most per_creator items of a creator. Where co-engagement has too little,
-- trending of the same filter follows. `because_id` is the item that gave most of the score.
create function api.recommendations(
    user_id text,
    beside_id bigint,
    content_type text,
    category text,
    as_of timestamptz,
    most integer
)
returns table (
    place bigint,
    item_id bigint,
    source text,
    score double precision,
    because_id bigint
)
language sql stable
set jit = off
begin atomic
with policy as materialized (
    select *
    from core.recommendation_policy
),

mine as materialized (
    select
        event.item_id,
        max(api.action_weight(event.event_type)) as weight,
        max(event.occurred_at) as acted_at
    from (
        select
            recent.item_id,
            recent.event_type,
            recent.occurred_at
        from core.event as recent
        where
            recent.user_id = recommendations.user_id
            and recent.event_type not in ('unlike', 'uncomment')
            and recent.occurred_at <= recommendations.as_of
        order by recent.occurred_at desc, recent.event_id desc
        limit 1000
    ) as event
    group by event.item_id
),

seed as materialized (
    select
        placed.item_id,
        placed.weight / power(placed.place, policy.recency) as strength
    from (
        select
            mine.item_id,
            mine.weight,
            row_number() over (order by mine.acted_at desc, mine.item_id) as place
        from mine
        where
            not exists (
                select from api.exclusion_in_force as excluded
                where excluded.item_id = mine.item_id
            )
    ) as placed
    cross join policy
    where placed.place <= policy.seeds
    union all
    select
        recommendations.beside_id,
        1 as strength
    where recommendations.beside_id is not null
),

near as (
    select
        pair.other_id,
        seed.item_id as seed_id,
        seed.strength
        * pair.weight * age.faded / (pair.weight * age.faded + policy.shrink)
        * pair.weight * age.faded
        / power(
            kept.total * age.faded
            * other.total
            * power(
                2,
                date_part('epoch', other.decayed_to - recommendations.as_of)
                / date_part('epoch', policy.half_life)
            ),
            policy.damping
        ) as score
    from seed
    cross join policy
    inner join core.item_neighbour as kept on seed.item_id = kept.item_id
    cross join lateral (
        select
            power(
                2,
                date_part('epoch', kept.decayed_to - recommendations.as_of)
                / date_part('epoch', policy.half_life)
            ) as faded
    ) as age
    cross join lateral unnest(kept.others, kept.weights) as pair (other_id, weight)
    inner join core.item_neighbour as other on pair.other_id = other.item_id
),

candidate as (
    select
        near.other_id as item_id,
        'coEngagement' as source,
        sum(near.score) as score,
        (array_agg(near.seed_id order by near.score desc, near.seed_id))[1] as because_id,
        0::bigint as trending_place
    from near
    group by near.other_id
    union all
    select
        listed.item_id,
        'trending' as source,
        listed.score,
        null as because_id,
        listed.rank::bigint as trending_place
    from api.current_ranking as listed
    where
        listed.ranking = 'trending_24h'
        and listed.item_id is not null
        and listed.segment = coalesce(
            'category:' || recommendations.category,
            'content_type:' || recommendations.content_type,
            ''
        )
        and listed.rank <= 1000
),

allowed as (
    select distinct on (candidate.item_id)
        candidate.*,
        item.creator
    from candidate
    inner join core.item as item on candidate.item_id = item.item_id
    where
        (recommendations.content_type is null or item.content_type = recommendations.content_type)
        and (recommendations.category is null or item.category = recommendations.category)
        and candidate.item_id is distinct from recommendations.beside_id
        and not exists (
            select from mine
            where mine.item_id = candidate.item_id
        )
        and not exists (
            select from core.item_like as liked
            where
                liked.item_id = candidate.item_id
                and liked.user_id = recommendations.user_id
                and liked.liked
        )
        and not exists (
            select from api.exclusion_in_force as excluded
            where excluded.item_id = candidate.item_id
        )
    order by candidate.item_id, candidate.trending_place
),

ordered as (
    select
        allowed.*,
        row_number() over (
            partition by coalesce(allowed.creator, allowed.item_id::text)
            order by
                (allowed.trending_place > 0),
                allowed.trending_place,
                allowed.score desc,
                allowed.item_id
        ) as of_creator
    from allowed
)

select
    row_number() over best,
    ordered.item_id,
    ordered.source,
    ordered.score,
    ordered.because_id
from ordered
cross join policy
where ordered.of_creator <= policy.per_creator
window best as (
    order by
        (ordered.trending_place > 0),
        ordered.trending_place,
        ordered.score desc,
        ordered.item_id
)
order by row_number() over best
limit recommendations.most;
end;

comment on function api.recommendations(text, bigint, text, text, timestamptz, integer) is
    'Items for a user, or beside an item, of a type and category (null: any), best first. '
    'Stable.';
grant execute on function api.recommendations(text, bigint, text, text, timestamptz, integer)
to groundswell_service;
