-- Note what became of sending a webhook, and when it is tried again.
-- Source: the deliverer (app/alerts/deliverer.py). Feeds: core.alert_delivery, core.alert_outbox.
-- Keeps: a taker whose lease has run out, and whose webhook another one has taken meanwhile, adds a
-- line to the log but no longer decides. quiet_until holds for all of the subscription's webhooks.
create function api.record_delivery(
    alert_id bigint,
    attempt integer,
    attempted_at timestamptz,
    status integer,
    duration interval,
    error text,
    next_attempt_at timestamptz,
    is_gone boolean,
    quiet_until timestamptz
)
returns void
language sql volatile
begin atomic
insert into core.alert_delivery (
    alert_id, attempt, subscription_id, attempted_at, status, duration, error, next_attempt_at
)
select
    alert.alert_id,
    record_delivery.attempt,
    alert.subscription_id,
    record_delivery.attempted_at,
    record_delivery.status,
    record_delivery.duration,
    record_delivery.error,
    record_delivery.next_attempt_at
from core.alert
where alert.alert_id = record_delivery.alert_id
on conflict on constraint alert_delivery_one_per_attempt do nothing;

update core.alert_subscription as left_by
set
    status = 'disabled',
    disabled_because = 'the receiver answered 410 Gone'
from core.alert
where
    is_gone
    and alert.alert_id = record_delivery.alert_id
    and left_by.subscription_id = alert.subscription_id;

update core.alert_subscription as asking
set quiet_until = record_delivery.quiet_until
from core.alert
where
    record_delivery.quiet_until is not null
    and alert.alert_id = record_delivery.alert_id
    and asking.subscription_id = alert.subscription_id;

update core.alert_outbox as waiting
set next_attempt_at = record_delivery.next_attempt_at
where
    waiting.alert_id = record_delivery.alert_id
    and waiting.attempt = record_delivery.attempt
    and record_delivery.next_attempt_at is not null;

delete from core.alert_outbox as waiting
where
    waiting.alert_id = record_delivery.alert_id
    and waiting.attempt = record_delivery.attempt
    and record_delivery.next_attempt_at is null;
end;

comment on function api.record_delivery(
    bigint, integer, timestamptz, integer, interval, text, timestamptz, boolean, timestamptz
) is
    'Logs one try; without next_attempt_at the webhook is done with. is_gone disables the '
    'subscription, quiet_until lets it wait.';
grant execute on function api.record_delivery(
    bigint, integer, timestamptz, integer, interval, text, timestamptz, boolean, timestamptz
) to groundswell_service;
