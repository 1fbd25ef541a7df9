-- Compute every enabled ranking now; no row where the scoring job is running already.
select
    ranking,
    run_id,
    entries,
    is_new,
    error
from api.refresh_rankings(now());
