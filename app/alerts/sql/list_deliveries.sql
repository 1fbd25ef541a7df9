-- Tries to deliver a subscription's alerts, newest alert and newest try first.
select
    delivery.alert_id,
    alert.alert_type,
    delivery.attempt,
    delivery.attempted_at,
    delivery.status,
    date_part('epoch', delivery.duration) as duration,
    delivery.error,
    delivery.next_attempt_at
from core.alert_delivery as delivery
inner join core.alert as alert on delivery.alert_id = alert.alert_id
where
    delivery.subscription_id = %(subscription_id)s::bigint
    and (delivery.alert_id, delivery.attempt)
    < (%(before_alert_id)s::bigint, %(before_attempt)s::integer)
order by delivery.alert_id desc, delivery.attempt desc
limit %(limit)s::integer;
