-- Compute every enabled ranking now, or some; no row where the scoring job is running already.
select
    ranking,
    run_id,
    entries,
    is_new,
    error
from api.refresh_rankings(now(), %(names)s::text[], %(daily)s::boolean);
