-- The editorial rules there are and were, by the names of what they are about.
-- Source: core.editorial_rule, core.ranking, core.item. Feeds: GET /admin/rules, groundswell rules.
create view api.editorial_rule as
select
    rule.rule_id,
    rule.name,
    rule.kind,
    ranking.name as ranking,
    rule.segment,
    rule.subject,
    rule.value,
    item.content_type,
    item.external_id as content_id,
    item.title,
    rule.place,
    rule.most,
    rule.top,
    rule.oldest,
    rule.youngest,
    rule.reason,
    rule.since,
    rule.until,
    rule.made_by,
    rule.lifted_by,
    rule.lifted_at
from core.editorial_rule as rule
left join core.ranking as ranking on rule.ranking_id = ranking.ranking_id
left join core.item as item on rule.item_id = item.item_id;

comment on view api.editorial_rule is
    'What editors want of lists; in force where lifted_at is null and until is not over. '
    'Stable.';
comment on column api.editorial_rule.rule_id is 'Rises with every rule.';
comment on column api.editorial_rule.name is 'What its maker calls it.';
comment on column api.editorial_rule.kind is 'pin, feature, block, only, cap, hold or age.';
comment on column api.editorial_rule.ranking is 'Name of the ranking; null: every ranking.';
comment on column api.editorial_rule.segment is
    'The list of a pin or feature; empty: the whole list.';
comment on column api.editorial_rule.subject is 'What value names.';
comment on column api.editorial_rule.value is 'Name of a creator, a category and so on, or a term.';
comment on column api.editorial_rule.content_type is 'Kind of the item that it is about.';
comment on column api.editorial_rule.content_id is 'The application''s id of that item.';
comment on column api.editorial_rule.title is 'Title as the catalogue says.';
comment on column api.editorial_rule.place is 'Where a pin puts it, from 1.';
comment on column api.editorial_rule.most is 'How many of each a cap leaves in a list.';
comment on column api.editorial_rule.top is 'How many places are held for review.';
comment on column api.editorial_rule.oldest is 'Items that are older are left out.';
comment on column api.editorial_rule.youngest is 'Items that are younger are left out.';
comment on column api.editorial_rule.reason is 'Why.';
comment on column api.editorial_rule.since is 'When it was made.';
comment on column api.editorial_rule.until is 'When it ends by itself; null: never.';
comment on column api.editorial_rule.made_by is 'Who made it.';
comment on column api.editorial_rule.lifted_by is 'Who lifted or replaced it; null: nobody.';
comment on column api.editorial_rule.lifted_at is 'When; null while nobody has.';
grant select on api.editorial_rule to groundswell_service, groundswell_read;
