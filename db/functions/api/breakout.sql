-- How many times more than expected a subject got in the window, shrunk towards 1:
-- (recent + k) / (expected + k), where expected is its own rate over the rest of the next longer
-- window, times the growth of the whole site over the same two spans.
-- Source: core.item_window, core.item, core.item_exclusion; Gamma-Poisson shrinker (DuMouchel
-- 1999). Feeds: api.ranked.
-- Keeps: both spans end at as_of and roll, so a part of a day is never held against a whole one and
-- nothing happens at midnight. Growth common to all is no breakout. Less than minSupport: left out.
-- An excluded item is no part of anything, nor of the site.
create function api.breakout(ranking core.ranking, as_of timestamptz)
returns table (
    subject text, item_id bigint, score double precision, components double precision[]
)
language sql stable
begin atomic
-- Materialized: asked once, not for each item.
with span as materialized (
    select
        longer."window" as longer,
        longer.ratio,
        api.ranking_option(ranking, 'metric') as metric,
        greatest(api.ranking_option(ranking, 'strength')::float8, 0.001) as strength,
        api.ranking_option(ranking, 'minSupport')::float8 as min_support
    from (
        -- ratio: length of the window over the length of the rest of the longer one.
        values ('1h', '24h', 1.0 / 23), ('24h', '7d', 1.0 / 6), ('7d', '30d', 7.0 / 23)
    ) as longer (shorter, "window", ratio)
    where longer.shorter = (ranking)."window"
),

counted as (
    select
        case (ranking).subject
            when 'category' then item.category
            when 'creator' then item.creator
        end as subject,
        case (ranking).subject when 'item' then item.item_id end as item_id,
        case
            when part."window" = (ranking)."window" then api.metric_of(
                span.metric, part.views, part.likes, part.comments, part.shares, part.watch_seconds
            )
            else 0
        end as recent,
        case
            when part."window" = span.longer then api.metric_of(
                span.metric, part.views, part.likes, part.comments, part.shares, part.watch_seconds
            )
            else 0
        end as longer
    from span
    inner join core.item_window as part
        on part."window" in ((ranking)."window", span.longer)
    inner join core.item as item on part.item_id = item.item_id
    where
        ((ranking).content_type is null or item.content_type = (ranking).content_type)
        and part.item_id not in (
            select excluded.item_id
            from core.item_exclusion as excluded
            where excluded.lifted_at is null
        )
),

summed as (
    select
        counted.subject,
        counted.item_id,
        sum(counted.recent) as recent,
        greatest(sum(counted.longer) - sum(counted.recent), 0) as rest
    from counted
    group by counted.subject, counted.item_id
),

site as (
    select sum(summed.recent) / nullif(sum(summed.rest) * min(span.ratio), 0) as growth
    from summed
    cross join span
)

select
    summed.subject,
    summed.item_id,
    (summed.recent + span.strength)
    / (summed.rest * span.ratio * site.growth + span.strength),
    array[
        summed.recent,
        summed.rest * span.ratio * site.growth,
        summed.rest * span.ratio,
        site.growth
    ]
from summed
cross join site
cross join span
where
    (summed.subject is not null or summed.item_id is not null)
    and summed.recent >= span.min_support
    -- Without a past there is nothing to break out of.
    and site.growth > 0;
end;

comment on function api.breakout(core.ranking, timestamptz) is
    'Growth of every subject with enough support against its own baseline; 1 is as expected. The '
    'windows are as of the last run; as_of is there because every formula takes it.';
grant execute on function api.breakout(core.ranking, timestamptz)
to groundswell_service, groundswell_read;
