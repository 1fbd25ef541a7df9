-- The newest labels; those that are in force, or all.
select
    label.label_id,
    label.kind,
    label.viewer,
    label.content_type,
    label.content_id,
    label.reason,
    label.evidence::text as evidence,
    label.since,
    label.until,
    label.labelled_by,
    label.lifted_by
from api.actor_label as label
where %(with_lifted)s::boolean or label.lifted_at is null
order by label.label_id desc
limit %(limit)s::integer
