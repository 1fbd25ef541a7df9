-- The items that rankings leave out now.
-- Source: api.exclusion_in_force, core.item. Feeds: groundswell items excluded, SQL dashboards.
create view api.excluded_item as
select
    item.content_type,
    item.external_id as content_id,
    item.title,
    excluded.reason,
    excluded.excluded_by,
    excluded.excluded_at
from api.exclusion_in_force as excluded
inner join core.item as item on excluded.item_id = item.item_id;

comment on view api.excluded_item is
    'Items excluded from rankings now; core.item_exclusion has those that were. '
    'Stable.';
comment on column api.excluded_item.content_type is 'Kind of content.';
comment on column api.excluded_item.content_id is 'The application''s id of the item.';
comment on column api.excluded_item.title is 'Title as the catalogue says.';
comment on column api.excluded_item.reason is 'Why.';
comment on column api.excluded_item.excluded_by is 'Who did it.';
comment on column api.excluded_item.excluded_at is 'Since when.';
grant select on api.excluded_item to groundswell_service, groundswell_read;
