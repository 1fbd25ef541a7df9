-- The newest finished run of a ranking, or of every enabled one where it is null.
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
where %(ranking)s::text is null or ranking = %(ranking)s::text
order by ranking;
