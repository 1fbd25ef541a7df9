-- Alerts: who wants to hear of what, what was raised, what is still to be sent, what was tried.
-- Source: POST /alerts; api.raise_alerts, api.raise_count_alerts. Feeds: the deliverer
-- (app/alerts), GET /alerts….

create table core.alert_policy (
    is_only boolean primary key default true,
    max_subscriptions integer not null default 100,
    keep_for interval not null default interval '30 days',
    give_up_after integer not null default 12,
    news_for interval not null default interval '1 day',
    constraint alert_policy_one_row check (is_only),
    constraint alert_policy_max_subscriptions_sensible check (
        max_subscriptions between 0 and 10000
    ),
    constraint alert_policy_keep_at_least_two_days check (keep_for >= interval '2 days'),
    constraint alert_policy_news_for_positive check (news_for > interval '0 seconds'),
    constraint alert_policy_give_up_sensible check (give_up_after between 1 and 20)
);
comment on table core.alert_policy is 'Limits of alerts: one row that a DBA can change.';
comment on column core.alert_policy.is_only is 'Always true: there is one row.';
comment on column core.alert_policy.max_subscriptions is 'Most subscriptions of one API key.';
comment on column core.alert_policy.keep_for is
    'Age at which alerts and their log of deliveries are removed; longer than any retry.';
comment on column core.alert_policy.give_up_after is
    'How often a webhook is tried; the pauses in between are those of app/alerts/deliverer.py: '
    'twelve tries are about a day.';
comment on column core.alert_policy.news_for is
    'For how long an event is news: what happened longer ago (a backfill) raises no alert.';
insert into core.alert_policy (is_only) values (true);

create table core.alert_subscription (
    subscription_id bigint generated always as identity primary key,
    owner_key_id bigint references core.api_key,
    name text,
    ranking_id integer references core.ranking on delete cascade,
    item_id bigint references core.item on delete cascade,
    subject text,
    condition_type text not null,
    top_n integer,
    min_score double precision,
    metric text,
    threshold bigint,
    cooldown interval not null default interval '0 seconds',
    url text,
    receiver text generated always as (lower(substring(url from '(?i)^https?://([^/?#]+)'))) stored,
    quiet_until timestamptz,
    secret text,
    previous_secret text,
    previous_secret_until timestamptz,
    status text not null default 'active',
    disabled_because text,
    created_at timestamptz not null,
    constraint alert_subscription_status_known check (status in ('active', 'paused', 'disabled')),
    constraint alert_subscription_disabled_says_why check (
        (status = 'disabled') = (disabled_because is not null)
    ),
    constraint alert_subscription_url_has_secret check ((url is null) = (secret is null)),
    constraint alert_subscription_condition_known check (
        condition_type in ('enters_top', 'breaks_out', 'passes_count')
    )
);
-- Asked at every run: which conditions are there to look at.
create index alert_subscription_by_ranking on core.alert_subscription (ranking_id)
where condition_type <> 'passes_count' and status = 'active';
create index alert_subscription_by_count on core.alert_subscription (metric)
where condition_type = 'passes_count' and status = 'active';
create index alert_subscription_by_owner
on core.alert_subscription (owner_key_id, subscription_id);
create index alert_subscription_by_item on core.alert_subscription (item_id);

comment on table core.alert_subscription is
    'What somebody wants to hear of. core.check_alert_subscription says what is allowed.';
comment on column core.alert_subscription.subscription_id is 'Public id.';
comment on column core.alert_subscription.owner_key_id is
    'core.api_key that made it; null: the admin key of the settings. Sleeps while that is revoked.';
comment on column core.alert_subscription.name is 'What the owner calls it.';
comment on column core.alert_subscription.ranking_id is
    'core.ranking that is watched; for passes_count it only says of which content type items are.';
comment on column core.alert_subscription.item_id is 'Only this item; null: any.';
comment on column core.alert_subscription.subject is
    'Only this category or creator, where those are ranked; null: any.';
comment on column core.alert_subscription.condition_type is
    'enters_top: comes to rank top_n or better; breaks_out: its score in a breakout ranking '
    'reaches min_score; passes_count: its lifetime count of metric reaches threshold.';
comment on column core.alert_subscription.top_n is 'enters_top: how many places the top has.';
comment on column core.alert_subscription.min_score is 'breaks_out: times as much as expected.';
comment on column core.alert_subscription.metric is
    'passes_count: views, likes, comments or shares.';
comment on column core.alert_subscription.threshold is 'passes_count: the count to reach.';
comment on column core.alert_subscription.cooldown is
    'Least time between two alerts about one item.';
comment on column core.alert_subscription.url is 'Webhook; null: only the event stream.';
comment on column core.alert_subscription.receiver is
    'Host and port of the webhook, which are sent only so much at once.';
comment on column core.alert_subscription.quiet_until is
    'Nothing is sent before: the receiver asked for it, by Retry-After; null: it never did.';
comment on column core.alert_subscription.secret is 'Signs what is sent: whsec_ and base64.';
comment on column core.alert_subscription.previous_secret is
    'Signs along until previous_secret_until, so that a receiver can change over.';
comment on column core.alert_subscription.previous_secret_until is
    'When the replaced secret no longer signs.';
comment on column core.alert_subscription.status is
    'active; paused by its owner; disabled by its receiver, which answered 410 Gone. Only an '
    'active one raises alerts.';
comment on column core.alert_subscription.disabled_because is 'Why it is disabled; else null.';
comment on column core.alert_subscription.created_at is 'When it was made.';

-- Secrets and addresses are the service's business only.
revoke select on core.alert_subscription from groundswell_read;
grant insert, update, delete on core.alert_subscription to groundswell_service;

-- Without a foreign key on subscriptions, here and below: scoring must not wait for, or fail by,
-- somebody who changes a subscription meanwhile. core.forget_alert_subscription does its work.
create table core.alert (
    alert_id bigint generated always as identity primary key,
    subscription_id bigint not null,
    alert_type text not null,
    occurred_at timestamptz not null,
    run_id bigint,
    item_id bigint,
    subject text,
    rank integer,
    previous_rank integer,
    score double precision,
    count bigint,
    constraint alert_type_known check (
        alert_type in ('enters_top', 'breaks_out', 'passes_count', 'test')
    )
);
create index alert_newest_of_subscription
on core.alert (subscription_id, item_id, subject, occurred_at desc);
create index alert_by_time on core.alert (occurred_at);

comment on table core.alert is
    'What was raised, once a crossing, in the transaction that stores what crossed. Never changed. '
    'Rows become visible in the order of their ids: who inserts holds a lock until the commit.';
comment on column core.alert.alert_id is 'Public id; the webhook''s and the event stream''s.';
comment on column core.alert.subscription_id is 'core.alert_subscription.';
comment on column core.alert.alert_type is
    'The condition that came true; test: somebody tried the webhook out.';
comment on column core.alert.occurred_at is 'As of when it is true.';
comment on column core.alert.run_id is
    'core.ranking_run that found it; null where none did. Runs are removed before alerts.';
comment on column core.alert.item_id is 'core.item; null where a category or creator is meant.';
comment on column core.alert.subject is 'The category or creator; null where an item is meant.';
comment on column core.alert.rank is 'Its rank in that run.';
comment on column core.alert.previous_rank is 'Its rank in the run before; null: none.';
comment on column core.alert.score is 'Its score in that run.';
comment on column core.alert.count is 'passes_count: its lifetime count.';

create table core.alert_crossing (
    subscription_id bigint not null,
    item_id bigint not null,
    constraint alert_crossing_once primary key (subscription_id, item_id)
);
comment on table core.alert_crossing is
    'Items whose count has passed a subscription''s threshold: a count can fall and pass it again, '
    'but is told of once. Kept as long as the subscription.';
comment on column core.alert_crossing.subscription_id is 'core.alert_subscription.';
comment on column core.alert_crossing.item_id is 'core.item.';

create table core.alert_backlog (
    as_of timestamptz not null,
    item_id bigint not null,
    metric text not null,
    count bigint not null,
    gain bigint not null
);
comment on table core.alert_backlog is
    'Rises of lifetime counts whose alerts could not be raised: the next run looks at them again, '
    'and empties it. Rankings keep theirs in core.ranking_state.alerts_from.';
comment on column core.alert_backlog.as_of is 'The run that found it.';
comment on column core.alert_backlog.item_id is 'core.item.';
comment on column core.alert_backlog.metric is 'views, likes, comments or shares.';
comment on column core.alert_backlog.count is 'Its lifetime count after that run.';
comment on column core.alert_backlog.gain is 'How much of it that run''s new events brought.';

create table core.alert_history (
    item_id bigint primary key,
    as_of timestamptz not null
);
create index alert_history_by_time on core.alert_history (as_of);
comment on table core.alert_history is
    'Items that got more history than news: the run after that raises no alert about them.';
comment on column core.alert_history.item_id is 'core.item.';
comment on column core.alert_history.as_of is 'When they last did.';

create table core.alert_outbox (
    alert_id bigint primary key,
    subscription_id bigint not null,
    attempt integer not null default 0,
    next_attempt_at timestamptz not null
) with (fillfactor = 70);
create index alert_outbox_due on core.alert_outbox (next_attempt_at);
create index alert_outbox_by_subscription on core.alert_outbox (subscription_id);
comment on table core.alert_outbox is
    'Alerts whose webhook is still to be sent. Whoever sends one moves next_attempt_at on first, '
    'for as long as the sending may take: if it dies, the alert is due again then.';
comment on column core.alert_outbox.alert_id is 'core.alert.';
comment on column core.alert_outbox.subscription_id is 'core.alert_subscription.';
comment on column core.alert_outbox.attempt is 'How often it was taken to be sent.';
comment on column core.alert_outbox.next_attempt_at is 'When it may be taken the next time.';
grant insert, update, delete on core.alert_outbox to groundswell_service;

create table core.alert_delivery (
    alert_id bigint not null,
    attempt integer not null,
    subscription_id bigint not null,
    attempted_at timestamptz not null,
    status integer,
    duration interval not null,
    error text,
    next_attempt_at timestamptz,
    constraint alert_delivery_one_per_attempt primary key (alert_id, attempt),
    constraint alert_delivery_error_short check (char_length(error) <= 500)
);
create index alert_delivery_newest_of_subscription
on core.alert_delivery (subscription_id, alert_id desc, attempt desc);
create index alert_delivery_by_time on core.alert_delivery (attempted_at);
comment on table core.alert_delivery is
    'The log of deliveries: one row a try. A missing number is a try that was cut off.';
comment on column core.alert_delivery.alert_id is 'core.alert.';
comment on column core.alert_delivery.attempt is 'Which try, from 1.';
comment on column core.alert_delivery.subscription_id is 'core.alert_subscription.';
comment on column core.alert_delivery.attempted_at is 'When it began.';
comment on column core.alert_delivery.status is 'HTTP status; null where none came.';
comment on column core.alert_delivery.duration is 'How long it took.';
comment on column core.alert_delivery.error is 'What went wrong; null: delivered.';
comment on column core.alert_delivery.next_attempt_at is
    'When it is tried again; null: never, it is delivered or given up.';
grant insert on core.alert_delivery to groundswell_service;
