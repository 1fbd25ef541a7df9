-- Take webhooks that are due, so that nobody else sends them for a while.
-- Source: core.alert_outbox. Feeds: the deliverer (app/alerts/deliverer.py).
-- Keeps: one taker at a time, by locks skipped and by next_attempt_at, which a taker moves on by
-- the lease; where it dies, they are due again then. No receiver gets more than each at once (busy
-- names those of the taker's sendings under way), and everybody's first comes before anybody's
-- second: one that is slow delays no other.
create function api.claim_alerts(
    as_of timestamptz, lease interval, capacity integer, each integer, busy text[]
)
returns table (
    alert_id bigint, attempt integer, url text, receiver text, secrets text[], give_up_after integer
)
language sql volatile
begin atomic
with due as (
    select
        waiting.alert_id,
        wanted.receiver,
        row_number() over (
            partition by wanted.receiver order by waiting.next_attempt_at, waiting.alert_id
        ) as place
    from core.alert_outbox as waiting
    inner join core.alert_subscription as wanted
        on waiting.subscription_id = wanted.subscription_id
    inner join core.alert on waiting.alert_id = alert.alert_id
    left join core.api_key as owner on wanted.owner_key_id = owner.key_id
    where
        waiting.next_attempt_at <= claim_alerts.as_of
        and wanted.url is not null
        and (wanted.status = 'active' or alert.alert_type = 'test')
        and owner.revoked_at is null
),

chosen as (
    select due.alert_id
    from due
    where
        due.place + (
            select count(*) from unnest(busy) as other (receiver)
            where other.receiver = due.receiver
        ) <= each
    order by due.place, due.alert_id
    limit capacity
),

locked as materialized (
    select waiting.alert_id
    from core.alert_outbox as waiting
    inner join chosen on waiting.alert_id = chosen.alert_id
    where waiting.next_attempt_at <= claim_alerts.as_of
    for update of waiting skip locked
),

taken as (
    update core.alert_outbox as waiting
    set
        attempt = waiting.attempt + 1,
        next_attempt_at = claim_alerts.as_of + lease
    from locked
    where waiting.alert_id = locked.alert_id
    returning waiting.alert_id, waiting.subscription_id, waiting.attempt
)

select
    taken.alert_id,
    taken.attempt,
    wanted.url,
    wanted.receiver,
    array_remove(
        array[
            wanted.secret,
            case
                when wanted.previous_secret_until > claim_alerts.as_of then wanted.previous_secret
            end
        ],
        null
    ),
    policy.give_up_after
from taken
inner join core.alert_subscription as wanted on taken.subscription_id = wanted.subscription_id
cross join core.alert_policy as policy
order by taken.alert_id;
end;

comment on function api.claim_alerts(timestamptz, interval, integer, integer, text[]) is
    'Takes up to capacity due webhooks for the length of the lease: where each goes, its secrets '
    '(newest first), and which try it is.';
grant execute on function api.claim_alerts(timestamptz, interval, integer, integer, text[])
to groundswell_service;
