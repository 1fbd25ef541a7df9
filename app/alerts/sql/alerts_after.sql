-- Alerts after an id, of one ranking or subscription if given.
select
    alert_id,
    subscription_id,
    subscription_name,
    condition,
    alert_type,
    occurred_at,
    ranking,
    run_id,
    content_id,
    content_type,
    title,
    rank,
    previous_rank,
    score,
    count
from api.raised_alert
where
    alert_id > %(after)s::bigint
    and (%(ranking)s::text is null or ranking = %(ranking)s::text)
    and (
        %(subscription_id)s::bigint is null
        or subscription_id = %(subscription_id)s::bigint
    )
order by alert_id
limit %(limit)s::integer;
