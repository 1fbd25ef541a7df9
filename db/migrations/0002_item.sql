-- The catalogue: one row for each thing that can be viewed, liked, commented on or shared.
-- Source: api.put_items, api.resolve_items, api.note_births.
-- Feeds: core.event, every ranking, GET /items.

create table core.item (
    item_id bigint generated always as identity primary key,
    content_type text not null,
    external_id text not null,
    title text,
    category text,
    creator text,
    published_at timestamptz,
    attributes jsonb not null default '{}',
    created_at timestamptz not null default now(),
    first_event_at timestamptz,
    born_at timestamptz not null generated always as (
        least(coalesce(published_at, created_at), first_event_at)
    ) stored,
    listed_at timestamptz not null generated always as (
        coalesce(published_at, least(created_at, first_event_at))
    ) stored,
    constraint item_external_id_unique unique (content_type, external_id),
    constraint item_content_type_named check (char_length(content_type) between 1 and 200),
    constraint item_external_id_named check (char_length(external_id) between 1 and 200),
    constraint item_attributes_object check (jsonb_typeof(attributes) = 'object')
);

-- Segments of rankings: their values, and the items of one. item_newest_of_category does so for
-- categories.
create index item_by_creator on core.item (creator);
-- The newest items of all, of a content type, of a category; the last tells the content type
-- without a look at the row. What the orders of GET /items cost: docs/decisions/0010.
create index item_newest on core.item (listed_at desc, item_id desc);
create index item_newest_of_content_type
on core.item (content_type, listed_at desc, item_id desc);
create index item_newest_of_category
on core.item (category, listed_at desc, item_id desc)
include (content_type);
-- Rated items stand in their list without an event, so the formula looks for them by themselves.
create index item_rated on core.item (content_type) where attributes ? 'rating';
-- Titles and creators by the beginnings of words (api.search_items). Who has no title is not in it,
-- so that an item's first event writes nothing here.
create index item_worded on core.item using gin (
    to_tsvector('simple', coalesce(title, '') || ' ' || coalesce(creator, ''))
) where title is not null;

comment on table core.item is
    'The catalogue. An item is registered by its first event; its texts may come before or after.';
comment on column core.item.item_id is 'Internal key; callers know content_type and external_id.';
comment on column core.item.content_type is 'Kind of content, such as video, movie or anime.';
comment on column core.item.external_id is 'The contentId of the application that sends events.';
comment on column core.item.title is 'What people call it; null until the catalogue says.';
comment on column core.item.category is 'One category; null until the catalogue says.';
comment on column core.item.creator is 'Who made it; null until the catalogue says.';
comment on column core.item.published_at is 'When it was published; null until the catalogue says.';
comment on column core.item.attributes is 'Anything else the application wants to keep, an object.';
comment on column core.item.created_at is 'When it was registered.';
comment on column core.item.first_event_at is
    'When its first event happened that counted; null before. A backfill makes it earlier.';
comment on column core.item.born_at is
    'Its birth, which formulas count its age from: published_at (created_at where it is not known) '
    'or its first event, whichever is earlier.';
comment on column core.item.listed_at is
    'Its place among the newest: published_at, also one to come; where it is not known, its birth.';

grant insert, update on core.item to groundswell_service;

create table core.item_birth (
    item_id bigint not null,
    first_event_at timestamptz not null
);

comment on table core.item_birth is
    'First events that scoring has found and core.item does not say yet. A queue of its own, as '
    'scoring sees one snapshot and must not fail because a catalogue entry has changed since.';
comment on column core.item_birth.item_id is 'core.item.';
comment on column core.item_birth.first_event_at is 'As in core.item.';
