-- Items that rankings leave out, with who did so, why and until when.
-- Source: PUT /admin/items/{id}/exclusion, groundswell items. Feeds: every formula.

create table core.item_exclusion (
    exclusion_id bigint generated always as identity primary key,
    item_id bigint not null references core.item,
    reason text not null,
    excluded_by text not null,
    excluded_at timestamptz not null,
    lifted_by text,
    lifted_at timestamptz,
    constraint item_exclusion_reason_given check (char_length(reason) between 1 and 500),
    constraint item_exclusion_by_someone check (char_length(excluded_by) > 0),
    constraint item_exclusion_lifted_by_someone check ((lifted_at is null) = (lifted_by is null))
);

-- The rule that an item is excluded once, and what every formula looks at.
create unique index item_exclusion_one_in_force on core.item_exclusion (item_id)
where lifted_at is null;
-- The history of one item.
create index item_exclusion_of_item on core.item_exclusion (item_id, exclusion_id desc);

comment on table core.item_exclusion is
    'Items left out of all rankings, from excluded_at until lifted_at. Rows stay for the record. '
    'Scores and counts go on being kept, so that lifting one brings the item back as it would be.';
comment on column core.item_exclusion.exclusion_id is 'Rises with every exclusion.';
comment on column core.item_exclusion.item_id is 'core.item.';
comment on column core.item_exclusion.reason is 'Why, as those who call the API may read.';
comment on column core.item_exclusion.excluded_by is
    'Who did it: the name of an API key, or what stands for the admin key or the command line.';
comment on column core.item_exclusion.excluded_at is 'Since when.';
comment on column core.item_exclusion.lifted_by is 'Who lifted it; null while it is in force.';
comment on column core.item_exclusion.lifted_at is 'When it ended; null while it is in force.';

grant insert, update on core.item_exclusion to groundswell_service;
