-- Hot score: 0.60·views + 0.25·shares, both min-max normalised over the active items, plus
-- 0.15·e^(-0.1·hours since the last event).
-- Source: api.candidates. Feeds: api.ranked, core.item_hot.
-- Keeps: where all items have the same count, there is nothing to tell apart and that term is 0.
create function api.minmax_hot(ranking core.ranking, as_of timestamptz)
returns table (
    subject text, item_id bigint, score double precision, components double precision[]
)
language sql stable
begin atomic
-- Materialized: asked once, not for each item, whatever the planner expects.
with option as materialized (
    select
        api.ranking_option(ranking, 'hits')::float8 as hits,
        api.ranking_option(ranking, 'shares')::float8 as shares,
        api.ranking_option(ranking, 'recency')::float8 as recency,
        api.ranking_option(ranking, 'lambda')::float8 as lambda
),

candidate as materialized (
    select
        active.item_id,
        active.views,
        active.shares,
        active.last_event_at
    from api.candidates(ranking) as active
),

spread as materialized (
    select
        min(candidate.views) as least_views,
        nullif(max(candidate.views) - min(candidate.views), 0)::float8 as views,
        min(candidate.shares) as least_shares,
        nullif(max(candidate.shares) - min(candidate.shares), 0)::float8 as shares
    from candidate
),

part as (
    select
        candidate.item_id,
        option.hits * coalesce((candidate.views - spread.least_views) / spread.views, 0) as hits,
        option.shares * coalesce((candidate.shares - spread.least_shares) / spread.shares, 0)
            as shares,
        option.recency * exp(
            greatest(
                -700,
                -option.lambda
                * greatest(date_part('epoch', minmax_hot.as_of - candidate.last_event_at), 0) / 3600
            )
        ) as recency
    from candidate
    cross join spread
    cross join option
)

select
    null::text,
    part.item_id,
    part.hits + part.shares + part.recency,
    array[part.hits, part.shares, part.recency]
from part;
end;

comment on function api.minmax_hot(core.ranking, timestamptz) is
    'Hot score, 0 to 1 under the default options, of every item with an event in the window.';
grant execute on function api.minmax_hot(core.ranking, timestamptz)
to groundswell_service, groundswell_read;
