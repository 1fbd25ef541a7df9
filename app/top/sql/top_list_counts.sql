-- Members and present counts of a top list; all time, which has no beginning, has no since.
select
    ranking,
    run_id,
    as_of,
    confirmed_at,
    "window",
    metric,
    subject,
    content_type,
    nullif(since, '-infinity') as since,
    until,
    redis_seconds,
    snapshot,
    item_ids,
    names,
    counts
from api.top_list_counts(%(ranking)s::text);
