-- What the actions of a stretch of time add to pairs of items, as of its end.
-- Source: core.event, core.recommendation_policy. Feeds: api.add_pairs.
-- Keeps: an action's pairs are the same whatever stretch it is counted in: it looks at the `trail`
-- actions of its user before it, within `reach`, and at its number in its day. The same again (kind
-- and item) among those adds nothing. One user's actions cost their number times `trail`.
create function api.pair_weights(since timestamptz, until timestamptz)
returns table (item_id bigint, other_id bigint, weight double precision)
language sql stable
begin atomic
with acting as materialized (
    select distinct event.user_id
    from core.event as event
    where
        event.occurred_at > pair_weights.since
        and event.occurred_at <= pair_weights.until
        and event.user_id is not null
        and event.counted
),

policy as materialized (
    select *
    from core.recommendation_policy
),

action as (
    select
        event.item_id,
        event.occurred_at,
        event.event_type,
        row_number() over (
            partition by event.user_id, time_bucket('1 day', event.occurred_at)
            order by event.occurred_at, event.event_id
        ) as number_in_day,
        array_agg(event.item_id) over before as items,
        array_agg(event.event_type) over before as types,
        array_agg(event.occurred_at) over before as times
    from acting
    -- User by user through the index, however many they are: what others did is not looked at.
    cross join lateral (
        select mine.*
        from core.event as mine
        where
            mine.user_id = acting.user_id
            and mine.occurred_at > pair_weights.since - (select policy.reach from policy)
            and mine.occurred_at <= pair_weights.until
            and mine.counted
            and mine.event_type not in ('unlike', 'uncomment')
        order by mine.occurred_at
        offset 0
    ) as event
    window before as (
        partition by event.user_id
        order by event.occurred_at, event.event_id
        rows between (select policy.trail from policy) preceding and 1 preceding
    )
),

pair as (
    select
        action.item_id,
        prior.item_id as other_id,
        api.action_weight(action.event_type)
        * power(
            2,
            date_part('epoch', action.occurred_at - pair_weights.until)
            / date_part('epoch', policy.half_life)
        ) as weight
    from action
    cross join policy
    cross join lateral (
        select distinct before.item_id
        from unnest(action.items, action.times) as before (item_id, occurred_at)
        where
            before.occurred_at >= action.occurred_at - policy.reach
            and before.item_id <> action.item_id
    ) as prior
    where
        action.occurred_at > pair_weights.since
        and action.number_in_day <= policy.daily
        and not exists (
            select
            from unnest(action.items, action.types, action.times)
                as before (item_id, event_type, occurred_at)
            where
                before.item_id = action.item_id
                and before.event_type = action.event_type
                and before.occurred_at >= action.occurred_at - policy.reach
        )
)

select
    both_ways.item_id,
    both_ways.other_id,
    sum(both_ways.weight)
from (
    select
        pair.item_id,
        pair.other_id,
        pair.weight
    from pair
    union all
    select
        pair.other_id,
        pair.item_id,
        pair.weight
    from pair
) as both_ways
group by both_ways.item_id, both_ways.other_id
having sum(both_ways.weight) > 0;
end;

comment on function api.pair_weights(timestamptz, timestamptz) is
    'Weights that actions after `since` and up to `until` give to pairs of items, both ways round.';
