-- The newest finished run of one ranking; no row before its first run.
select
    run_id,
    ranking,
    "window",
    as_of
from api.latest_run
where ranking = %(ranking)s::text;
