-- One plain count inside the window, of items, categories or creators.
-- Source: api.candidates. Feeds: api.ranked.
-- Keeps: what has a count of zero or less is left out.
create function api.top_count(ranking core.ranking, as_of timestamptz)
returns table (
    subject text, item_id bigint, score double precision, components double precision[]
)
language sql stable
begin atomic
-- Materialized: asked once, not for each item.
with option as materialized (
    select api.ranking_option(ranking, 'metric') as metric
),

counted as (
    select
        case (ranking).subject
            when 'category' then candidate.category
            when 'creator' then candidate.creator
        end as subject,
        case (ranking).subject when 'item' then candidate.item_id end as item_id,
        api.metric_of(
            option.metric, candidate.views, candidate.likes,
            candidate.comments, candidate.shares, candidate.watch_seconds
        ) as count
    -- What an item lost counts for its category or creator, though the item itself is not active.
    from api.candidates(ranking, only_active => false) as candidate
    cross join option
)

select
    counted.subject,
    counted.item_id,
    sum(counted.count),
    array[sum(counted.count)]
from counted
where counted.subject is not null or counted.item_id is not null
group by counted.subject, counted.item_id
having sum(counted.count) > 0;
end;

comment on function api.top_count(core.ranking, timestamptz) is
    'The count that option metric names, of every subject that has any. The windows are as of the '
    'last run; as_of is there because every formula takes it.';
grant execute on function api.top_count(core.ranking, timestamptz)
to groundswell_service, groundswell_read;
