-- Some alerts, as receivers are told.
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
where alert_id = any(%(alert_ids)s::bigint [])
order by alert_id;
