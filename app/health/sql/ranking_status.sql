-- How each enabled ranking fares.
select
    ranking.name,
    extract(epoch from state.took)::float8 as seconds,
    state.error
from core.ranking
inner join core.ranking_state as state on ranking.ranking_id = state.ranking_id
where ranking.enabled
order by ranking.name;
