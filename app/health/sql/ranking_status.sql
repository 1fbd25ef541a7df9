-- How each enabled ranking fares.
select
    ranking.name,
    extract(epoch from state.took)::float8 as seconds,
    state.error,
    (
        select count(*)
        from core.editorial_review as review
        where review.ranking_id = ranking.ranking_id and review.is_approved is null
    ) as reviews_waiting
from core.ranking
inner join core.ranking_state as state on ranking.ranking_id = state.ranking_id
where ranking.enabled
order by ranking.name;
