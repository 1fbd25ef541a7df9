-- The run of a ranking that was the newest one at a moment; no row where none is kept.
select
    stored.run_id,
    stored.ranking,
    stored."window",
    stored.as_of,
    stored.segments
from api.run_at(%(ranking)s::text, %(as_of)s::timestamptz) as found
inner join api.stored_run as stored on found.run_id = stored.run_id;
