-- The newest finished run of every enabled ranking.
select
    run_id,
    ranking,
    "window",
    as_of
from api.latest_run
order by ranking;
