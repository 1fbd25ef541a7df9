-- One ranking with its settings and its newest run; no row where there is none of that name.
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
where name = %(name)s::text;
