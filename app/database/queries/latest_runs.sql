-- The newest finished run of every enabled ranking.
select
    run_id,
    ranking,
    "window",
    as_of,
    segments,
    formula,
    confirmed_at,
    fresh_at,
    redis_seconds,
    schedule
from api.latest_run
order by ranking;
