-- Labels of actors and items, with what each has taken off so far.
-- Source: core.actor_label, core.applied_label, core.item. Feeds: groundswell labels list, DBAs.
create view api.actor_label as
select
    label.label_id,
    label.kind,
    label.viewer,
    item.content_type,
    item.external_id as content_id,
    label.reason,
    label.evidence,
    label.since,
    nullif(label.until, 'infinity') as until,
    label.labelled_by,
    label.labelled_at,
    label.lifted_by,
    label.lifted_at,
    applied.label_id is not null as is_applied
from core.actor_label as label
left join core.applied_label as applied on label.label_id = applied.label_id
left join core.item as item on label.item_id = item.item_id;

comment on view api.actor_label is
    'Labels of actors and items, in force or lifted; not for dashboards, which know nobody.';
comment on column api.actor_label.label_id is 'Rises with every label; what api.lift_label takes.';
comment on column api.actor_label.kind is 'user, session, address or item.';
comment on column api.actor_label.viewer is 'The actor, as core.actor_label has it.';
comment on column api.actor_label.content_type is 'Type of the item, of kind item.';
comment on column api.actor_label.content_id is 'The application''s id of the item, of kind item.';
comment on column api.actor_label.reason is 'A rule of core.label_rule, or words.';
comment on column api.actor_label.evidence is 'What was counted, and what it was held against.';
comment on column api.actor_label.since is 'The first day (UTC) whose events it holds.';
comment on column api.actor_label.until is 'The first day that it does not hold; null: all later.';
comment on column api.actor_label.labelled_by is 'Who did it.';
comment on column api.actor_label.labelled_at is 'When.';
comment on column api.actor_label.lifted_by is 'Who lifted it; null while it is in force.';
comment on column api.actor_label.lifted_at is 'When it was lifted; null while it is in force.';
comment on column api.actor_label.is_applied is 'Whether a run has discounted its events.';
grant select on api.actor_label to groundswell_service;
