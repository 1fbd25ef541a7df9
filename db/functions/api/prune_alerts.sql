-- Remove alerts and deliveries past their keeping, and webhooks nobody can receive any more.
-- Source: core.alert_policy. Feeds: api.maintain_storage.
create function api.prune_alerts(as_of timestamptz)
returns void
language sql volatile
begin atomic
delete from core.alert_delivery as old
using core.alert_policy as policy
where old.attempted_at < prune_alerts.as_of - policy.keep_for;

delete from core.alert_outbox as old
using core.alert_policy as policy, core.alert
where
    old.alert_id = alert.alert_id
    and alert.occurred_at < prune_alerts.as_of - policy.keep_for;

delete from core.alert_history as old
using core.alert_policy as policy
where old.as_of < prune_alerts.as_of - policy.keep_for;

delete from core.alert as old
using core.alert_policy as policy
where old.occurred_at < prune_alerts.as_of - policy.keep_for;
end;

comment on function api.prune_alerts(timestamptz) is
    'Applies core.alert_policy.keep_for; a webhook that waits for a paused subscription goes with '
    'its alert.';
