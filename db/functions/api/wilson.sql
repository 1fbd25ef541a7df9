-- Lower bound of the Wilson score interval for the share of views that became likes.
-- Source: api.candidates, api.wilson_bound. Feeds: api.ranked.
-- Keeps: likes count as at most the views and at least none; items without views are left out.
create function api.wilson(ranking core.ranking, as_of timestamptz)
returns table (
    subject text, item_id bigint, score double precision, components double precision[]
)
language sql stable
begin atomic
-- Materialized: asked once, not for each item.
with option as materialized (
    select api.ranking_option(ranking, 'z')::float8 as z
),

trial as (
    select
        candidate.item_id,
        candidate.views::float8 as n,
        least(greatest(candidate.likes, 0), candidate.views)::float8 / candidate.views as p,
        option.z,
        candidate.likes
    from api.candidates(ranking) as candidate
    cross join option
    where candidate.views > 0
)

select
    null::text,
    trial.item_id,
    api.wilson_bound(trial.p, trial.n, trial.z),
    array[trial.likes, trial.n]
from trial;
end;

comment on function api.wilson(core.ranking, timestamptz) is
    'Share of views that became likes, at least, with the confidence of option z: 0 to 1.';
grant execute on function api.wilson(core.ranking, timestamptz)
to groundswell_service, groundswell_read;
