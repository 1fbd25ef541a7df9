-- Raise a test alert.
select api.test_alert(%(subscription_id)s::bigint, %(as_of)s::timestamptz) as alert_id;
