-- Take webhooks that are due, so that nobody else sends them for a while.
-- Source: core.alert_outbox. Feeds: the deliverer (app/alerts/deliverer.py).
-- Keeps: one taker at a time, by locks skipped and by next_attempt_at, which a taker moves on by
-- the lease; where it dies, they are due again then. No subscription gets more than each at once,
-- and no host more than each_host (busy names the subscriptions of the taker's sendings under way);
-- everybody's first comes before anybody's second: one that is slow delays no other, be it of the
-- same host. Who asked for silence gets none.
create function api.claim_alerts(
    as_of timestamptz,
    lease interval,
    capacity integer,
    each integer,
    each_host integer,
    busy bigint[]
)
returns table (
    alert_id bigint,
    subscription_id bigint,
    attempt integer,
    url text,
    secrets text[],
    give_up_after integer
)
language sql volatile
begin atomic
with sending as (
    select
        wanted.subscription_id,
        wanted.receiver,
        count(*) as webhooks
    from unnest(busy) as other (subscription_id)
    inner join core.alert_subscription as wanted on other.subscription_id = wanted.subscription_id
    group by wanted.subscription_id
),

due as (
    select
        waiting.alert_id,
        wanted.receiver,
        coalesce(sending.webhooks, 0) + row_number() over (
            partition by waiting.subscription_id
            order by waiting.next_attempt_at, waiting.alert_id
        ) as place
    from core.alert_outbox as waiting
    inner join core.alert_subscription as wanted
        on waiting.subscription_id = wanted.subscription_id
    inner join core.alert on waiting.alert_id = alert.alert_id
    left join core.api_key as owner on wanted.owner_key_id = owner.key_id
    left join sending on waiting.subscription_id = sending.subscription_id
    where
        waiting.next_attempt_at <= claim_alerts.as_of
        and wanted.url is not null
        and (wanted.status = 'active' or alert.alert_type = 'test')
        and coalesce(wanted.quiet_until <= claim_alerts.as_of, true)
        and owner.revoked_at is null
),

fair as (
    select
        due.alert_id,
        due.place,
        row_number() over (
            partition by due.receiver order by due.place, due.alert_id
        ) + coalesce(busy_host.webhooks, 0) as place_at_host
    from due
    left join (
        select
            sending.receiver,
            sum(sending.webhooks) as webhooks
        from sending
        group by sending.receiver
    ) as busy_host on due.receiver = busy_host.receiver
    where due.place <= each
),

chosen as (
    select fair.alert_id
    from fair
    where fair.place_at_host <= each_host
    order by fair.place, fair.alert_id
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
    taken.subscription_id,
    taken.attempt,
    wanted.url,
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

comment on function api.claim_alerts(
    timestamptz, interval, integer, integer, integer, bigint[]
) is
    'Takes up to capacity due webhooks for the length of the lease: where each goes, its secrets '
    '(newest first), and which try it is.';
grant execute on function api.claim_alerts(
    timestamptz, interval, integer, integer, integer, bigint[]
) to groundswell_service;
