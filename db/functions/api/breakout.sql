-- How many times more than expected a subject got in the window, shrunk towards 1:
-- (recent + k) / (expected + k), where expected is its own rate over the rest of the next longer
-- window, times the growth of the whole site over the same two spans.
-- Source: core.item_window, core.item, api.exclusion_in_force; Gamma-Poisson shrinker (DuMouchel
-- 1999). Feeds: api.ranked.
-- Keeps: both spans end at as_of and roll, so a part of a day is never held against a whole one and
-- nothing happens at midnight. Growth common to all is no breakout. Less than minSupport: left out.
-- An excluded item is no part of anything, nor of the site. Taking back lowers what is recent,
-- never the baseline, so that nobody breaks out by it.
create function api.breakout(ranking core.ranking, as_of timestamptz)
returns table (
    subject text, item_id bigint, score double precision, components double precision[]
)
language sql stable
begin atomic
-- Materialized: asked once, not for each item, whatever the planner expects.
with option as materialized (
    select
        api.ranking_option(ranking, 'metric') as metric,
        greatest(api.ranking_option(ranking, 'strength')::float8, 0.001) as strength,
        api.ranking_option(ranking, 'minSupport')::float8 as min_support,
        -- Length of the window over the length of the rest of the longer one.
        date_part('epoch', spanned.length) / date_part('epoch', longer.length - spanned.length)
            as ratio,
        longer.name as longer
    from core.time_window as spanned
    inner join core.time_window as longer on spanned.longer = longer.name
    where spanned.name = (ranking)."window"
),

counted as (
    select
        case (ranking).subject
            when 'category' then item.category
            when 'creator' then item.creator
        end as subject,
        case (ranking).subject when 'item' then part.item_id end as item_id,
        part."window" = (ranking)."window" as is_recent,
        part.last_event_at > position.since as is_active,
        api.metric_of(
            option.metric, part.views, part.likes, part.comments, part.shares, part.watch_seconds
        ) as net,
        api.metric_of(
            option.metric, part.views, part.likes + part.unlikes, part.comments + part.uncomments,
            part.shares, part.watch_seconds
        ) as given
    from option
    -- Named by the ranking alone, so that no other window is read.
    inner join core.item_window as part
        on part."window" in (
            (ranking)."window",
            (select span.longer from option as span)
        )
    inner join core.window_position as position on part."window" = position."window"
    -- Not done where items are ranked, of any content type.
    left join core.item as item on part.item_id = item.item_id
    where
        ((ranking).content_type is null or item.content_type = (ranking).content_type)
        and part.item_id not in (
            select excluded.item_id from api.exclusion_in_force as excluded
        )
),

summed as (
    select
        counted.subject,
        counted.item_id,
        greatest(coalesce(sum(counted.net) filter (where counted.is_recent), 0), 0) as recent,
        greatest(
            sum(case when counted.is_recent then -counted.given else counted.given end), 0
        ) as rest,
        bool_or(counted.is_active) as is_active
    from counted
    group by counted.subject, counted.item_id
),

site as materialized (
    select sum(summed.recent) / nullif(sum(summed.rest) * min(option.ratio), 0) as growth
    from summed
    cross join option
)

select
    summed.subject,
    summed.item_id,
    (summed.recent + option.strength)
    / (summed.rest * option.ratio * site.growth + option.strength),
    array[
        summed.recent,
        summed.rest * option.ratio * site.growth,
        summed.rest * option.ratio,
        site.growth
    ]
from summed
cross join site
cross join option
where
    (summed.subject is not null or summed.item_id is not null)
    and summed.recent >= option.min_support
    and summed.is_active
    -- Without a past there is nothing to break out of.
    and site.growth > 0;
end;

comment on function api.breakout(core.ranking, timestamptz) is
    'Growth of every subject with enough support against its own baseline; 1 is as expected. The '
    'windows are as of the last run; as_of is there because every formula takes it.';
grant execute on function api.breakout(core.ranking, timestamptz)
to groundswell_service, groundswell_read;
