-- The highest id of an alert.
select coalesce(max(alert_id), 0) as alert_id from core.alert;
