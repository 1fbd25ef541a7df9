-- Store raised alerts, but those about an item that a subscription was told of a moment ago.
-- Source: api.raise_alerts, api.raise_count_alerts, api.test_alert. Feeds: core.alert,
-- core.alert_outbox; notifies alert.
-- Keeps: ids become visible in their order, so that a reader who goes on after the last one that it
-- has seen misses none: one writer at a time, until its commit.
create function api.store_alerts(alerts core.alert[])
returns bigint
language plpgsql volatile
set jit = off
as $$
declare
    stored bigint;
begin
    if cardinality(alerts) > 0 then
        perform pg_advisory_xact_lock(hashtextextended('groundswell alert order', 0));
        with fresh as (
            select alert.*
            from unnest(alerts) with ordinality as alert
            inner join core.alert_subscription as wanted
                on alert.subscription_id = wanted.subscription_id
            where
                alert.alert_type = 'test'
                or wanted.cooldown = interval '0 seconds'
                or not exists (
                    select 1
                    from core.alert as recent
                    where
                        recent.subscription_id = alert.subscription_id
                        and recent.item_id is not distinct from alert.item_id
                        and recent.subject is not distinct from alert.subject
                        and recent.occurred_at > alert.occurred_at - wanted.cooldown
                        and recent.alert_type <> 'test'
                )
        ),

        added as (
            insert into core.alert as alert (
                subscription_id, alert_type, occurred_at, run_id, item_id, subject, rank,
                previous_rank, score, count
            )
            select
                fresh.subscription_id,
                fresh.alert_type,
                fresh.occurred_at,
                fresh.run_id,
                fresh.item_id,
                fresh.subject,
                fresh.rank,
                fresh.previous_rank,
                fresh.score,
                fresh.count
            from fresh
            order by fresh.ordinality
            returning alert.alert_id, alert.subscription_id, alert.occurred_at
        ),

        queued as (
            insert into core.alert_outbox (alert_id, subscription_id, next_attempt_at)
            select
                added.alert_id,
                added.subscription_id,
                added.occurred_at
            from added
            inner join core.alert_subscription as wanted
                on added.subscription_id = wanted.subscription_id
            where wanted.url is not null
        )

        select count(*) into stored from added;
        if stored > 0 then
            perform pg_notify('alert', '');
        end if;
    end if;
    return coalesce(stored, 0);
end;
$$;

comment on function api.store_alerts(core.alert[]) is
    'Stores alerts in their order and queues their webhooks; answers how many.';
