-- The exclusions that hold now: what every formula leaves out.
-- Source: core.item_exclusion. Feeds: every formula, api.excluded_item, GET /items.
-- Keeps: an item has one at most (item_exclusion_one_in_force).
create view api.exclusion_in_force as
select
    excluded.item_id,
    excluded.reason,
    excluded.excluded_by,
    excluded.excluded_at
from core.item_exclusion as excluded
where excluded.lifted_at is null;

comment on view api.exclusion_in_force is
    'Items excluded from rankings now, by their internal ids; api.excluded_item has their names.';
comment on column api.exclusion_in_force.item_id is 'core.item.';
comment on column api.exclusion_in_force.reason is 'Why.';
comment on column api.exclusion_in_force.excluded_by is 'Who did it.';
comment on column api.exclusion_in_force.excluded_at is 'Since when.';
grant select on api.exclusion_in_force to groundswell_service, groundswell_read;
