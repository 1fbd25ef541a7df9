-- Settle which runs are published next, and return them: what was begun before, else the newest.
insert into core.sink_ranking as published (ranking_id, next_run_id)
select
    run.ranking_id,
    run.run_id
from api.newest_run as run
inner join core.ranking as ranking on run.ranking_id = ranking.ranking_id
where ranking.enabled
order by run.ranking_id
on conflict (ranking_id) do update set
    next_run_id = coalesce(published.next_run_id, excluded.next_run_id)
where coalesce(published.next_run_id, excluded.next_run_id) is distinct from published.run_id
returning
    published.ranking_id,
    published.run_id,
    published.next_run_id
