-- The newest finished run of one ranking; no row before its first run.
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
where ranking = %(ranking)s::text;
