-- What the actions of a stretch of time add to pairs of items, as of its end.
-- Source: core.event, core.recommendation_policy. Feeds: api.add_pairs.
-- Keeps: an action's pairs are the same whatever stretch it is counted in: it looks at the `trail`
-- actions of its user before it, within `reach`, and at its number in its day. The same again (kind
-- and item) among those adds nothing. Of what was before the stretch, at most `trail` and `daily`
-- actions of each user are read, however many there are. With settings of its own it is no part of
-- its caller's plan, which takes its rows to be as many as said here: taken for few, they were
-- joined one by one.
create function api.pair_weights(since timestamptz, until timestamptz)
returns table (item_id bigint, other_id bigint, weight double precision)
language sql stable
rows 200000
set jit = off
begin atomic
with policy as materialized (
    select *
    from core.recommendation_policy
),

newer as materialized (
    select
        event.user_id,
        event.item_id,
        event.event_type,
        event.occurred_at,
        event.event_id
    from core.event as event
    where
        event.occurred_at > pair_weights.since
        and event.occurred_at <= pair_weights.until
        and event.user_id is not null
        and event.counted
        and event.event_type not in ('unlike', 'uncomment')
),

numbered as (
    select
        newer.*,
        row_number() over (
            partition by newer.user_id, time_bucket('1 day', newer.occurred_at)
            order by newer.occurred_at, newer.event_id
        ) as number_in_day
    from newer
),

-- How many each user has had by then on the day that goes on.
acting as materialized (
    select
        numbered.user_id,
        today.actions
    from numbered
    cross join lateral (
        select count(*) as actions
        from (
            select mine.event_id
            from core.event as mine
            where
                mine.user_id = numbered.user_id
                and mine.occurred_at >= time_bucket('1 day', numbered.occurred_at)
                and mine.occurred_at <= pair_weights.since
                and mine.counted
                and mine.event_type not in ('unlike', 'uncomment')
            limit (select policy.daily from policy)
        ) as past
    ) as today
    where
        numbered.number_in_day = 1
        and time_bucket('1 day', numbered.occurred_at) = time_bucket('1 day', pair_weights.since)
),

trail as (
    select
        numbered.user_id,
        numbered.item_id,
        numbered.event_type,
        numbered.occurred_at,
        numbered.event_id,
        numbered.number_in_day + coalesce(acting.actions, 0) as number_in_day
    from numbered
    left join acting
        on
            numbered.user_id = acting.user_id
            and time_bucket('1 day', numbered.occurred_at)
            = time_bucket('1 day', pair_weights.since)
    union all
    select
        earlier.user_id,
        earlier.item_id,
        earlier.event_type,
        earlier.occurred_at,
        earlier.event_id,
        null as number_in_day
    from (
        select distinct newer.user_id
        from newer
    ) as who
    -- User by user through the index, however many they are: what others did is not looked at.
    cross join lateral (
        select mine.*
        from core.event as mine
        where
            mine.user_id = who.user_id
            and mine.occurred_at > pair_weights.since - (select policy.reach from policy)
            and mine.occurred_at <= pair_weights.since
            and mine.counted
            and mine.event_type not in ('unlike', 'uncomment')
        order by mine.occurred_at desc
        fetch first (select policy.trail from policy) rows with ties
    ) as earlier
),

action as (
    select
        trail.item_id,
        trail.occurred_at,
        trail.event_type,
        trail.number_in_day,
        array_agg(trail.item_id) over before as items,
        array_agg(trail.event_type) over before as types,
        array_agg(trail.occurred_at) over before as times
    from trail
    window before as (
        partition by trail.user_id
        order by trail.occurred_at, trail.event_id
        rows between (select policy.trail from policy) preceding and 1 preceding
    )
),

weighing as materialized (
    select
        kind.event_type,
        api.action_weight(kind.event_type) as weight
    from unnest(enum_range(null::core.event_type)) as kind (event_type)
),

-- What each of an action's pairs weighs.
weighed as materialized (
    select
        action.item_id,
        action.items,
        action.times,
        action.occurred_at - policy.reach as reached,
        weighing.weight
        * power(
            2,
            date_part('epoch', action.occurred_at - pair_weights.until)
            / date_part('epoch', policy.half_life)
        ) as weight
    from action
    cross join policy
    inner join weighing on action.event_type = weighing.event_type
    where
        action.number_in_day <= policy.daily
        and not exists (
            select
            from unnest(action.items, action.types, action.times)
                as before (item_id, event_type, occurred_at)
            where
                before.item_id = action.item_id
                and before.event_type = action.event_type
                and before.occurred_at >= action.occurred_at - policy.reach
        )
),

pair as materialized (
    select
        prior.item_id,
        prior.other_id,
        sum(weighed.weight) as weight
    from weighed
    cross join lateral (
        select distinct
            least(before.item_id, weighed.item_id) as item_id,
            greatest(before.item_id, weighed.item_id) as other_id
        from unnest(weighed.items, weighed.times) as before (item_id, occurred_at)
        where before.occurred_at >= weighed.reached and before.item_id <> weighed.item_id
    ) as prior
    group by prior.item_id, prior.other_id
    having sum(weighed.weight) > 0
)

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
from pair;
end;

comment on function api.pair_weights(timestamptz, timestamptz) is
    'Weights that actions after `since` and up to `until` give to pairs of items, both ways round.';
