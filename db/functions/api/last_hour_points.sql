-- What the events of the last 60 minutes contribute to an item's score, component by component.
-- Source: core.event, in the minutes of api.engagement_1m in which the item has any, less those in
-- core.score_feed, which are not scored yet, and less api.discount. Feeds: api.explain_score.
-- Keeps: each event ages from its own moment to as_of, as in the score that it is a part of. Below
-- 0 where more was taken back than given.
create function api.last_hour_points(ranking core.ranking, item_id bigint, as_of timestamptz)
returns double precision[]
language sql stable
set jit = off
begin atomic
with counted as (
    select
        event.occurred_at as at,
        1 as sign,
        event.event_type,
        event.count,
        event.seconds
    from api.engagement_1m as minute
    inner join api.event as event
        on
            event.item_id = last_hour_points.item_id
            and minute.bucket <= event.occurred_at
            and minute.bucket + interval '1 minute' > event.occurred_at
    where
        minute.item_id = last_hour_points.item_id
        and minute.bucket > last_hour_points.as_of - interval '61 minutes'
        and event.counted
    union all
    select
        feed.occurred_at as at,
        -1 as sign,
        feed.event_type,
        feed.count,
        feed.seconds
    from core.score_feed as feed
    where feed.item_id = last_hour_points.item_id
),

faded as (
    select
        part.views,
        part.likes,
        part.comments,
        part.shares,
        part.watch_seconds / 60 as watch_minutes,
        api.decay(last_hour_points.as_of - part.at, (ranking).half_life) as slow,
        case
            when (ranking).recent_half_life is null then 0
            else api.decay(last_hour_points.as_of - part.at, (ranking).recent_half_life)
        end as fast
    from (
        select
            counted.at,
            one.views * counted.sign as views,
            one.likes * counted.sign as likes,
            one.comments * counted.sign as comments,
            one.shares * counted.sign as shares,
            one.watch_seconds * counted.sign as watch_seconds
        from counted
        cross join lateral
            api.event_counts(counted.event_type, counted.count, counted.seconds) as one
        union all
        select
            taken.at,
            taken.views * of_it.share,
            taken.likes * of_it.share,
            taken.comments * of_it.share,
            taken.shares * of_it.share,
            taken.watch_seconds * of_it.share
        from api.discount as taken
        cross join (select -api.ranking_discount(ranking) as share offset 0) as of_it
        where taken.item_id = last_hour_points.item_id
    ) as part
    where part.at > last_hour_points.as_of - interval '1 hour'
)

select array[
    weight.list[1] * coalesce(sum(faded.views * faded.slow), 0),
    weight.list[2] * coalesce(sum(faded.likes * faded.slow), 0),
    weight.list[3] * coalesce(sum(faded.comments * faded.slow), 0),
    weight.list[4] * coalesce(sum(faded.shares * faded.slow), 0),
    weight.list[5] * coalesce(sum(faded.watch_minutes * faded.slow), 0),
    weight.list[1] * coalesce(sum(faded.views * faded.fast), 0),
    weight.list[2] * coalesce(sum(faded.likes * faded.fast), 0),
    weight.list[3] * coalesce(sum(faded.comments * faded.fast), 0),
    weight.list[4] * coalesce(sum(faded.shares * faded.fast), 0),
    weight.list[5] * coalesce(sum(faded.watch_minutes * faded.fast), 0)
]
from (select api.ranking_weights(ranking) as list) as weight
left join faded on true
group by weight.list;
end;

comment on function api.last_hour_points(core.ranking, bigint, timestamptz) is
    'Points that the scored events of the hour before as_of are worth then, in the order of the '
    'components of weighted_decay.';
grant execute on function api.last_hour_points(core.ranking, bigint, timestamptz)
to groundswell_service, groundswell_read;
