-- Take webhooks that are due.
select
    alert_id,
    subscription_id,
    attempt,
    url,
    secrets,
    give_up_after
from api.claim_alerts(
    %(as_of)s::timestamptz,
    %(lease)s::interval,
    %(capacity)s::integer,
    %(each)s::integer,
    %(each_host)s::integer,
    %(busy)s::bigint[]
);
