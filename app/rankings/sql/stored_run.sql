-- One kept run of a ranking; no row where it is gone.
select
    run_id,
    ranking,
    "window",
    as_of,
    segments
from api.stored_run
where run_id = %(run_id)s::bigint and ranking = %(ranking)s::text;
