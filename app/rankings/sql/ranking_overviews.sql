-- The ranking of a name, or every one where it is null, with its settings and its newest run.
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
    confirmed_at,
    kept_since
from api.ranking_overview
where %(name)s::text is null or name = %(name)s::text
order by name;
