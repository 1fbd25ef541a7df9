-- Lift a label: what it took counts again from the next run on.
-- Source: groundswell labels lift, a DBA. Feeds: core.actor_label.
-- Keeps: one that is lifted already, or that nobody knows, stays as it is.
create function api.lift_label(label_id bigint, lifted_by text, as_of timestamptz)
returns boolean
language sql volatile
begin atomic
with lifted as (
    update core.actor_label as label
    set
        lifted_by = lift_label.lifted_by,
        lifted_at = lift_label.as_of
    where label.label_id = lift_label.label_id and label.lifted_at is null
    returning label.label_id
)

select count(*) > 0 from lifted;
end;

comment on function api.lift_label(bigint, text, timestamptz) is
    'Lifts a label that is in force; answers whether it was one. '
    'Stable.';
grant execute on function api.lift_label(bigint, text, timestamptz) to groundswell_service;
