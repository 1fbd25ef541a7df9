-- The editor's hand: rules that say what lists show beside scores, and what waits for review.
-- Source: api.put_rule, api.decide_review. Feeds: api.arranged, api.explain_edit.

create table core.editorial_rule (
    rule_id bigint generated always as identity primary key,
    name text not null,
    kind text not null,
    ranking_id integer references core.ranking on delete cascade,
    segment text not null default '',
    subject text,
    value text,
    item_id bigint references core.item,
    place integer,
    most integer,
    top integer,
    oldest interval,
    youngest interval,
    reason text not null,
    since timestamptz not null,
    until timestamptz,
    made_by text not null,
    lifted_by text,
    lifted_at timestamptz,
    constraint editorial_rule_by_someone check (char_length(made_by) > 0),
    constraint editorial_rule_lifted_by_someone check ((lifted_at is null) = (lifted_by is null))
);

-- The rule that a name stands for one rule, and what every run looks at.
create unique index editorial_rule_one_in_force on core.editorial_rule (name)
where lifted_at is null;
create index editorial_rule_of_ranking on core.editorial_rule (ranking_id);
create index editorial_rule_of_item on core.editorial_rule (item_id);

comment on table core.editorial_rule is
    'What editors want of lists, from since until lifted_at or until. Rows stay for the record. '
    'Scores are never touched: api.arranged applies rules to what was ranked. '
    'core.check_editorial_rule says what is allowed.';
comment on column core.editorial_rule.rule_id is 'Rises with every rule.';
comment on column core.editorial_rule.name is 'What its maker calls it; one in force has it.';
comment on column core.editorial_rule.kind is
    'pin, feature, block, only, cap, hold or age: docs/editing.md.';
comment on column core.editorial_rule.ranking_id is 'core.ranking; null: every ranking.';
comment on column core.editorial_rule.segment is
    'pin, feature: the list, such as category:Music; empty: the whole list.';
comment on column core.editorial_rule.subject is
    'What value names: item, creator, category, content_type, language or term (of a title); of '
    'a cap: creator or category.';
comment on column core.editorial_rule.value is 'The name; null for items, caps, holds and ages.';
comment on column core.editorial_rule.item_id is 'core.item; null where no item is named.';
comment on column core.editorial_rule.place is 'pin: its place, from 1.';
comment on column core.editorial_rule.most is 'cap: how many of each may stand in a list.';
comment on column core.editorial_rule.top is
    'hold: how many places no item enters for the first time without review.';
comment on column core.editorial_rule.oldest is 'age: items that are older are left out.';
comment on column core.editorial_rule.youngest is 'age: items that are younger are left out.';
comment on column core.editorial_rule.reason is 'Why, as those who call the API may read.';
comment on column core.editorial_rule.since is 'When it was made.';
comment on column core.editorial_rule.until is 'When it ends by itself; null: never.';
comment on column core.editorial_rule.made_by is
    'Who made it: the name of an API key, or what stands for the admin key or the command line.';
comment on column core.editorial_rule.lifted_by is 'Who lifted or replaced it; null: nobody.';
comment on column core.editorial_rule.lifted_at is 'When; null while nobody has.';

create table core.editorial_review (
    ranking_id integer not null references core.ranking on delete cascade,
    item_id bigint not null references core.item,
    place integer not null,
    held_at timestamptz not null,
    is_approved boolean,
    decided_by text,
    decided_at timestamptz,
    reason text,
    constraint editorial_review_one_an_item primary key (ranking_id, item_id),
    constraint editorial_review_decided_by_someone check (
        (is_approved is null) = (decided_by is null)
        and (is_approved is null) = (decided_at is null)
    )
);
create index editorial_review_of_item on core.editorial_review (item_id);
create index editorial_review_waiting on core.editorial_review (ranking_id, held_at)
where is_approved is null;

comment on table core.editorial_review is
    'Items that came within the top of a ranking with a rule of kind hold, and what was decided. '
    'A decision holds for as long as the ranking is held, also if the item leaves and comes back.';
comment on column core.editorial_review.ranking_id is 'core.ranking.';
comment on column core.editorial_review.item_id is 'core.item.';
comment on column core.editorial_review.place is 'The place it would have had when it was held.';
comment on column core.editorial_review.held_at is 'When it first came there.';
comment on column core.editorial_review.is_approved is
    'True: it stands where its score puts it; false: it is left out; null: it waits, below the '
    'best that were approved.';
comment on column core.editorial_review.decided_by is 'Who decided; null while it waits.';
comment on column core.editorial_review.decided_at is 'When; null while it waits.';
comment on column core.editorial_review.reason is 'Why; null where nothing was said.';

create type core.listed_place as (
    segment text,
    rank integer,
    unedited_rank integer,
    subject text,
    item_id bigint,
    score double precision,
    components double precision [],
    mark text,
    rule_id bigint
);
comment on type core.listed_place is
    'One place of a list before and after rules: rank is null where a rule leaves it out, '
    'unedited_rank where it was listed by a rule alone; mark says what a rule did (pinned, '
    'featured, held, blocked, closed, refused, capped), and rule_id which.';

alter table core.ranking_snapshot
add column unedited integer[],
add column by_score integer[],
add column pinned integer[],
add column featured integer[];
comment on column core.ranking_snapshot.unedited is
    'The place of each without rules, in the order of the list, null for who had none. Null: no '
    'rule has changed any.';
comment on column core.ranking_snapshot.by_score is
    'The place of each, in the order of their scores; null: that is the order of the list.';
comment on column core.ranking_snapshot.pinned is 'The places that are pinned; null: none.';
comment on column core.ranking_snapshot.featured is 'The places that are featured; null: none.';

grant insert, update on core.editorial_rule, core.editorial_review to groundswell_service;
