-- Add the pairs of a stretch of time to what is kept of each item.
-- Source: api.pair_weights. Feeds: core.item_neighbour.
-- Keeps: one row of an item is written once, however many pairs it has; those past the heaviest
-- core.recommendation_policy.neighbours are forgotten, but stay in its total. What weighs less than
-- the last of so many that are kept is not even sorted: those only gain.
create function api.add_pairs(since timestamptz, until timestamptz)
returns bigint
language sql volatile
set jit = off
begin atomic
with added as materialized (
    select
        pair.item_id,
        pair.other_id,
        pair.weight
    from api.pair_weights(add_pairs.since, add_pairs.until) as pair
),

moved as materialized (
    select
        added.item_id,
        sum(added.weight) as weight
    from added
    group by added.item_id
),

known as materialized (
    select
        kept.item_id,
        kept.others,
        kept.weights,
        kept.total,
        power(
            2,
            date_part('epoch', kept.decayed_to - add_pairs.until)
            / date_part('epoch', policy.half_life)
        ) as faded
    from moved
    inner join core.item_neighbour as kept on moved.item_id = kept.item_id
    cross join core.recommendation_policy as policy
),

summed as (
    select
        both_parts.item_id,
        both_parts.other_id,
        sum(both_parts.weight) as weight
    from (
        select
            added.item_id,
            added.other_id,
            added.weight
        from added
        union all
        select
            known.item_id,
            pair.other_id,
            pair.weight * known.faded as weight
        from known
        cross join lateral unnest(known.others, known.weights) as pair (other_id, weight)
    ) as both_parts
    group by both_parts.item_id, both_parts.other_id
),

placed as (
    select
        summed.item_id,
        summed.other_id,
        summed.weight,
        row_number() over (
            partition by summed.item_id
            order by summed.weight desc, summed.other_id
        ) as place
    from summed
    cross join core.recommendation_policy as policy
    left join known on summed.item_id = known.item_id
    where summed.weight >= coalesce(known.weights[policy.neighbours] * known.faded, 0)
),

listed as (
    select
        placed.item_id,
        array_agg(placed.other_id order by placed.place) as others,
        array_agg(placed.weight::real order by placed.place) as weights
    from placed
    cross join core.recommendation_policy as policy
    where placed.place <= policy.neighbours
    group by placed.item_id
),

written as (
    insert into core.item_neighbour as kept (item_id, decayed_to, total, others, weights)
    select
        listed.item_id,
        add_pairs.until as decayed_to,
        moved.weight + coalesce(known.total * known.faded, 0) as total,
        listed.others,
        listed.weights
    from listed
    inner join moved on listed.item_id = moved.item_id
    left join known on listed.item_id = known.item_id
    on conflict (item_id) do update set
        decayed_to = excluded.decayed_to,
        total = excluded.total,
        others = excluded.others,
        weights = excluded.weights
    returning kept.item_id
)

select count(*) from written;
end;

comment on function api.add_pairs(timestamptz, timestamptz) is
    'Adds the pairs of actions after `since` and up to `until`; answers how many items changed.';
