-- Remove all that belongs to a removed alert subscription, also where its ranking was removed.
-- Source: core.alert_subscription. Feeds: core.alert, core.alert_crossing, core.alert_outbox,
-- core.alert_delivery.
create or replace function core.forget_alert_subscription()
returns trigger
language plpgsql
security definer
set search_path = pg_catalog
as $$
begin
    delete from core.alert_outbox as gone where gone.subscription_id = old.subscription_id;
    delete from core.alert_delivery as gone where gone.subscription_id = old.subscription_id;
    delete from core.alert_crossing as gone where gone.subscription_id = old.subscription_id;
    delete from core.alert as gone where gone.subscription_id = old.subscription_id;
    return null;
end;
$$;

comment on function core.forget_alert_subscription() is
    'Removes all that belongs to a removed subscription, also where its ranking was removed.';

create or replace trigger alert_subscription_forgotten
after delete on core.alert_subscription
for each row execute function core.forget_alert_subscription();
