-- Every ranking with its settings and its newest run.
select
    name,
    formula,
    description,
    "window",
    subject,
    content_type,
    segments,
    size,
    schedule,
    zone,
    enabled,
    run_id,
    as_of,
    confirmed_at
from api.ranking_overview
order by name;
