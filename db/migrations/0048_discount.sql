-- What of events does not count in lists that fade: an actor's repeated actions, and all of what
-- labelled actors do. And which of their actions count.
-- Source: api.note_discounts. Feeds: core.ranking_score, every recount of it.

create table core.actor_policy (
    event_type core.event_type primary key,
    ratio double precision not null,
    -- Players send watch time in parts.
    constraint actor_policy_repeats check (event_type <> 'watch_time'),
    constraint actor_policy_ratio_a_share check (ratio between 0 and 1)
);

comment on table core.actor_policy is
    'How much an actor''s repeated actions on an item and a day (UTC) count in lists that fade: a '
    'row for each kind of action; a kind without a row counts whole. Of what is scored from then '
    'on.';
comment on column core.actor_policy.event_type is
    'What is repeated. Not watch_time, which comes in parts.';
comment on column core.actor_policy.ratio is
    'What each action counts of the next newer one, the newest counting whole, and none beyond the '
    'fourth. 0: only the newest counts; 0.5: they come to less than two; 1: the newest four count.';

-- Half of the one after: two looks are worth more than one, and a thousand no more than two. What
-- takes back likewise: nobody takes more from an item than could be given.
insert into core.actor_policy (event_type, ratio)
values
('view', 0.5), ('like', 0.5), ('unlike', 0.5), ('comment', 0.5), ('uncomment', 0.5), ('share', 0.5);

create table core.actor_action (
    viewer bigint not null,
    item_id bigint not null,
    day date not null,
    event_type core.event_type not null,
    moments timestamptz[] not null,
    -- The day first: what is written now lies together.
    constraint actor_action_once primary key (day, item_id, viewer, event_type)
) with (fillfactor = 90);

comment on table core.actor_action is
    'When an actor did something with an item on a day, of the kinds in core.actor_policy and of '
    'the last days (core.storage_policy): what tells a repeated action from a first one.';
comment on column core.actor_action.viewer is '63 bits of core.event.viewer.';
comment on column core.actor_action.item_id is 'core.item.';
comment on column core.actor_action.day is 'The day (UTC) of the actions.';
comment on column core.actor_action.event_type is 'What the actor did.';
comment on column core.actor_action.moments is 'When, the newest first, four at most.';

create table core.discount (
    discount_id bigint generated always as identity primary key,
    viewer bigint not null,
    item_id bigint not null,
    at timestamptz not null,
    views double precision not null default 0,
    likes double precision not null default 0,
    comments double precision not null default 0,
    shares double precision not null default 0,
    watch_seconds double precision not null default 0
);

-- What a label takes off, and what lifting it gives back.
create index discount_of_viewer on core.discount (viewer, at);
-- What of an item's score the last hour is.
create index discount_of_item on core.discount (item_id, at);

comment on table core.discount is
    'What of the scored events does not count in rankings with option discount, as counts to take '
    'off at a moment. Rows are only added, some with counts below 0, which take back what another '
    'row takes off: so decayed sums are the events'' less these, in any order. Raw counts know '
    'nothing of it.';
comment on column core.discount.discount_id is 'Rises with every row.';
comment on column core.discount.viewer is 'Whose actions: 63 bits of core.event.viewer.';
comment on column core.discount.item_id is 'core.item.';
comment on column core.discount.at is 'When the action happened.';
comment on column core.discount.views is 'Views to take off.';
comment on column core.discount.likes is 'Likes less unlikes to take off.';
comment on column core.discount.comments is 'Comments less uncomments to take off.';
comment on column core.discount.shares is 'Shares to take off.';
comment on column core.discount.watch_seconds is 'Seconds watched to take off.';

-- Whose they were is nothing to dashboards.
revoke select on core.actor_action, core.discount from groundswell_read;

insert into core.storage_policy (level, keep_for) values ('actor_action', interval '2 days');
