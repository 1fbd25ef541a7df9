-- Take webhooks that are due.
select
    alert_id,
    attempt,
    url,
    receiver,
    secrets,
    give_up_after
from api.claim_alerts(
    %(as_of)s::timestamptz,
    %(lease)s::interval,
    %(capacity)s::integer,
    %(each)s::integer,
    %(busy)s::text []
);
