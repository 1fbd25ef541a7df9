-- How many webhooks of a subscription are still to be sent.
select count(*) as pending
from core.alert_outbox as waiting
where waiting.subscription_id = %(subscription_id)s::bigint;
