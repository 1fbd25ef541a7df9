-- Actors, and bursts on items, whose events do not count in lists that fade: who, why, on what
-- evidence, and until when; and the rules by which a job finds them.
-- Source: api.label_actors, POST /admin/labels, groundswell labels. Feeds: api.note_discounts.

create table core.actor_label (
    label_id bigint generated always as identity primary key,
    viewer bigint,
    item_id bigint,
    kind text not null,
    reason text not null,
    evidence jsonb not null default '{}',
    since date not null,
    until date not null default 'infinity',
    labelled_by text not null,
    labelled_at timestamptz not null,
    lifted_by text,
    lifted_at timestamptz,
    constraint actor_label_kind_known check (kind in ('user', 'session', 'address', 'item')),
    constraint actor_label_of_actor_or_item check (
        case kind when 'item' then num_nonnulls(item_id) = 1 and viewer is null
        else num_nonnulls(viewer) = 1 and item_id is null end
    ),
    constraint actor_label_reason_given check (char_length(reason) between 1 and 500),
    constraint actor_label_by_someone check (char_length(labelled_by) > 0),
    constraint actor_label_lifted_by_someone check ((lifted_at is null) = (lifted_by is null)),
    constraint actor_label_since_before_until check (since < until),
    constraint actor_label_viewer_not_signed check (viewer >= 0)
);

-- The rule that an actor is labelled once from a day on, and what scoring looks at.
create unique index actor_label_one_in_force on core.actor_label (viewer, since)
where lifted_at is null;
create sequence core.label_change;
comment on sequence core.label_change is
    'Rises when labels were applied or lifted: scores are others then, though no count is.';

create table core.applied_label (
    label_id bigint primary key references core.actor_label
);

comment on table core.applied_label is
    'Labels whose events are discounted: what scoring has done of core.actor_label, in which it '
    'never writes. A run takes up what is new, and gives back what was lifted.';
comment on column core.applied_label.label_id is 'core.actor_label.';

comment on table core.actor_label is
    'Actors whose events from since to until count nothing in rankings with option discount, and '
    'items on which nobody''s do. Counts go on counting them. Rows stay for the record; lifting '
    'one gives back all that it took.';
comment on column core.actor_label.label_id is 'Rises with every label.';
comment on column core.actor_label.viewer is
    'The actor: 63 bits of core.event.viewer; null for an item.';
comment on column core.actor_label.item_id is 'core.item; null for an actor.';
comment on column core.actor_label.kind is
    'What it stands for: a user, a session without a user, an address of a day, an item.';
comment on column core.actor_label.reason is
    'Why; the name of a rule of core.label_rule, or words.';
comment on column core.actor_label.evidence is
    'What was counted, and what it was held against.';
comment on column core.actor_label.since is
    'Events of this day (UTC) and later ones are discounted.';
comment on column core.actor_label.until is 'Events before this day are; infinity: all later.';
comment on column core.actor_label.labelled_by is 'Who did it: a job, or a person.';
comment on column core.actor_label.labelled_at is 'When.';
comment on column core.actor_label.lifted_by is 'Who lifted it; null while it is in force.';
comment on column core.actor_label.lifted_at is 'When it ended; null while it is in force.';

revoke select on core.actor_label from groundswell_read;
grant insert, update on core.actor_label to groundswell_service;

create table core.label_rule (
    name text primary key,
    description text not null,
    is_enabled boolean not null default true,
    times double precision not null,
    least integer not null,
    constraint label_rule_times_positive check (times > 0),
    constraint label_rule_least_positive check (least > 0)
);

comment on table core.label_rule is
    'What api.label_actors labels an actor or an item for, by what happened in the hour before. '
    'Change a row: it holds from the next run on.';
comment on column core.label_rule.name is 'Becomes the reason of its labels.';
comment on column core.label_rule.description is 'What it finds; what times and least are of.';
comment on column core.label_rule.is_enabled is 'False switches it off; its labels stay.';
comment on column core.label_rule.times is 'How many times what is usual on the site.';
comment on column core.label_rule.least is 'Fewer than this is never enough.';

insert into core.label_rule (name, description, times, least)
values
(
    'rate',
    'An actor who acts times as often as the median actor of the hour, at least so often, and five '
    'times or more on each item.',
    20, 20
),
(
    'never_looks',
    'An actor who likes, comments and shares at least so often without a view or a second watched, '
    'where times as many actors look as do not.',
    1, 10
),
(
    'even_timing',
    'An actor whose actions, at least so many, come as a clock ticks: the gaps between them differ '
    'by less than a tenth, divided by times.',
    1, 30
),
(
    'given_unseen',
    'An item that is liked and shared at least so often, and more often than it is viewed, where '
    'the median item of the hour, of ten or more, has times as many views.',
    3, 20
);
