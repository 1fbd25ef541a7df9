-- Alert subscriptions as their owners see them.
-- Source: core.alert_subscription. Feeds: GET /alerts, GET /alerts/{id}.
create view api.alert_overview as
select
    subscription.subscription_id,
    subscription.owner_key_id,
    owner.prefix as owner,
    subscription.name,
    ranking.name as ranking,
    coalesce(item.external_id, subscription.subject) as content_id,
    case
        when subscription.item_id is not null then item.content_type
        when subscription.subject is not null then ranking.subject
    end as content_type,
    api.alert_condition(subscription) as condition,
    date_part('epoch', subscription.cooldown) as cooldown,
    subscription.url,
    case
        when owner.revoked_at is not null then 'disabled'
        else subscription.status
    end as status,
    case
        when owner.revoked_at is not null then 'the key that made it is revoked'
        else subscription.disabled_because
    end as disabled_because,
    subscription.created_at
from core.alert_subscription as subscription
left join core.api_key as owner on subscription.owner_key_id = owner.key_id
left join core.ranking as ranking on subscription.ranking_id = ranking.ranking_id
left join core.item as item on subscription.item_id = item.item_id;

comment on view api.alert_overview is 'Alert subscriptions, without their secrets.';
comment on column api.alert_overview.subscription_id is 'Public id.';
comment on column api.alert_overview.owner_key_id is 'core.api_key; null: the admin key.';
comment on column api.alert_overview.owner is 'Prefix of that key.';
comment on column api.alert_overview.name is 'What the owner calls it.';
comment on column api.alert_overview.ranking is 'The ranking watched; null: none.';
comment on column api.alert_overview.content_id is 'Item, category or creator; null: any.';
comment on column api.alert_overview.content_type is 'Its type, or category or creator.';
comment on column api.alert_overview.condition is 'What it waits for, as in POST /alerts.';
comment on column api.alert_overview.cooldown is 'Least seconds between two alerts on one item.';
comment on column api.alert_overview.url is 'Webhook; null: only the event stream.';
comment on column api.alert_overview.status is 'active, paused or disabled.';
comment on column api.alert_overview.disabled_because is 'Why it is disabled; else null.';
comment on column api.alert_overview.created_at is 'When it was made.';
grant select on api.alert_overview to groundswell_service;
