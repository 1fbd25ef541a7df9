-- Keep hot score, rank and badge of every active item.
-- Source: api.minmax_hot. Feeds: core.item_hot.
-- Keeps: at least one item is hot where any is active; items no longer active have no row.
create function api.store_hot(ranking core.ranking, as_of timestamptz)
returns void
language sql volatile
set jit = off
begin atomic
with option as materialized (
    select api.ranking_option(ranking, 'hotShare')::float8 as hot_share
),

scored as (
    select
        hot.item_id,
        hot.score,
        row_number() over (order by hot.score desc, hot.item_id) as rank,
        count(*) over () as size
    from api.minmax_hot(ranking, store_hot.as_of) as hot
),

gone as (
    delete from core.item_hot as stored
    where stored.item_id not in (select scored.item_id from scored)
)

insert into core.item_hot as stored (item_id, hot_score, hot_rank, is_hot)
select
    scored.item_id,
    scored.score,
    scored.rank,
    scored.rank <= ceil(scored.size * option.hot_share)
from scored
cross join option
on conflict (item_id) do update set
    hot_score = excluded.hot_score,
    hot_rank = excluded.hot_rank,
    is_hot = excluded.is_hot;
end;

comment on function api.store_hot(core.ranking, timestamptz) is
    'Replaces core.item_hot by the scores of ranking hot at as_of.';
