-- What was raised, as receivers are told.
-- Source: core.alert, core.alert_subscription, core.item. Feeds: the deliverer
-- (app/alerts), GET /alerts/stream.
-- Keeps: nothing of a removed subscription; where the webhook goes and its secret are left out.
create view api.raised_alert as
select
    alert.alert_id,
    alert.subscription_id,
    subscription.name as subscription_name,
    api.alert_condition(subscription) as condition,
    alert.alert_type,
    alert.occurred_at,
    ranking.name as ranking,
    alert.run_id,
    coalesce(item.external_id, alert.subject) as content_id,
    case
        when alert.item_id is not null then item.content_type
        when alert.subject is not null then ranking.subject
    end as content_type,
    coalesce(item.title, alert.subject) as title,
    alert.rank,
    alert.previous_rank,
    alert.score,
    alert.count
from core.alert
inner join core.alert_subscription as subscription
    on alert.subscription_id = subscription.subscription_id
left join core.ranking as ranking on subscription.ranking_id = ranking.ranking_id
left join core.item as item on alert.item_id = item.item_id;

comment on view api.raised_alert is 'Alerts of all kept subscriptions; filter by alert_id. '
    'Stable.';
comment on column api.raised_alert.alert_id is 'Rises in the order in which rows become visible.';
comment on column api.raised_alert.subscription_id is 'Whose it is.';
comment on column api.raised_alert.subscription_name is 'What its owner calls it.';
comment on column api.raised_alert.condition is 'What it waits for, as in POST /alerts.';
comment on column api.raised_alert.alert_type is
    'enters_top, breaks_out, passes_count, or test.';
comment on column api.raised_alert.occurred_at is 'As of when it is true.';
comment on column api.raised_alert.ranking is 'The ranking watched; null: none.';
comment on column api.raised_alert.run_id is 'The run that found it; null: none did.';
comment on column api.raised_alert.content_id is
    'The item''s id, or the name of the category or creator; null for a test of any item.';
comment on column api.raised_alert.content_type is 'The item''s type, or category or creator.';
comment on column api.raised_alert.title is 'Title as the catalogue says now.';
comment on column api.raised_alert.rank is 'Its rank in the run.';
comment on column api.raised_alert.previous_rank is 'Its rank in the run before; null: none.';
comment on column api.raised_alert.score is 'Its score in the run.';
comment on column api.raised_alert.count is 'The lifetime count that has passed the threshold.';
grant select on api.raised_alert to groundswell_service, groundswell_read;
