-- Weighted points of an item over its lifetime, without fading.
-- Source: api.candidates, core.item_window (all). Feeds: api.reddit_hot, api.gravity.
create function api.item_points(ranking core.ranking)
returns table (item_id bigint, born_at timestamptz, points double precision)
language sql stable
begin atomic
select
    candidate.item_id,
    candidate.born_at,
    api.weighted_sum(
        weight.list,
        lifetime.views,
        lifetime.likes,
        lifetime.comments,
        lifetime.shares,
        lifetime.watch_seconds / 60
    )
from api.candidates(ranking) as candidate
inner join core.item_window as lifetime
    on
        candidate.item_id = lifetime.item_id
        and lifetime."window" = 'all'
cross join (select api.ranking_weights(ranking) as list offset 0) as weight;
end;

comment on function api.item_points(core.ranking) is
    'Lifetime points and birth of every item with an event in the ranking''s window.';
grant execute on function api.item_points(core.ranking) to groundswell_service, groundswell_read;
