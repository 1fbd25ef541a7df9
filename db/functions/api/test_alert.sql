-- Raise an alert that says nothing, to try a webhook out.
-- Source: core.alert_subscription. Feeds: POST /alerts/{id}/test.
-- Keeps: goes the way of every alert, whatever the subscription's status and cooldown are.
create function api.test_alert(subscription_id bigint, as_of timestamptz)
returns bigint
language plpgsql volatile
security definer
set search_path = pg_catalog
as $$
begin
    perform api.store_alerts(
        array[
            (
                null, wanted.subscription_id, 'test', test_alert.as_of, null, wanted.item_id,
                wanted.subject, null, null, null, null
            )::core.alert
        ]
    )
    from core.alert_subscription as wanted
    where wanted.subscription_id = test_alert.subscription_id;
    return (
        select max(alert.alert_id)
        from core.alert
        where
            alert.subscription_id = test_alert.subscription_id
            and alert.alert_type = 'test'
    );
end;
$$;

comment on function api.test_alert(bigint, timestamptz) is
    'Raises a test alert for a subscription and answers its id; null for an unknown one.';
revoke execute on function api.test_alert(bigint, timestamptz) from public;
grant execute on function api.test_alert(bigint, timestamptz) to groundswell_service;
