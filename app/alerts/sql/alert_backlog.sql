-- Webhooks that are still to be sent, and since when the oldest has been.
select
    count(*) as pending,
    min(alert.occurred_at) as raised_since
from core.alert_outbox as waiting
inner join core.alert as alert on waiting.alert_id = alert.alert_id;
