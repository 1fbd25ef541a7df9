-- Who has viewed what: sets of viewers where they are few, registers of HyperLogLog where many.
-- Source: the writer (app/ingest/viewer.py), then api.add_viewers, api.close_viewers.
-- Feeds: api.unique_viewers, api.viewers_since.

create table core.viewer_key (
    only_row boolean not null default true,
    key bytea not null,
    constraint viewer_key_one_row primary key (only_row),
    constraint viewer_key_only_row_true check (only_row)
);

comment on table core.viewer_key is
    'The secret that users and sessions are hashed with: whoever has it and a user''s id can find '
    'the user''s rows. One row, never changed: viewers would be others than before.';
comment on column core.viewer_key.only_row is 'True: there is one row.';
comment on column core.viewer_key.key is '32 bytes.';

insert into core.viewer_key (key)
values (decode(replace(gen_random_uuid()::text || gen_random_uuid()::text, '-', ''), 'hex'));

-- Nobody who only reads can tell who is who.
revoke select on core.viewer_key from groundswell_read;

create table core.viewer_day (
    entry bigint not null,
    item_id bigint not null,
    day date not null,
    quarters bit(96) not null,
    -- The day first: what is written now lies together.
    constraint viewer_day_once primary key (day, item_id, entry)
) with (fillfactor = 95);

comment on table core.viewer_day is
    'Viewers of each item on each day (UTC), and of the site: each of them up to about a thousand, '
    'then 8,192 registers of HyperLogLog. Only counted views. Idempotent: what is added twice is '
    'there once.';
comment on column core.viewer_day.entry is
    '0 and above: a viewer (63 bits of core.event.viewer). Below 0: a register and a rank, as '
    'api.viewer_entry makes it of a viewer; of a rank and a quarter hour only what no higher rank '
    'of the register has need be there.';
comment on column core.viewer_day.item_id is 'core.item; 0 is the site, all items together.';
comment on column core.viewer_day.day is 'The day (UTC).';
comment on column core.viewer_day.quarters is 'In which of its quarter hours it was seen.';

create table core.viewer_item (
    entry bigint not null,
    item_id bigint not null,
    last_day date not null,
    constraint viewer_item_once primary key (item_id, entry)
) with (fillfactor = 90);

comment on table core.viewer_item is
    'Viewers of each item, and of the site, over all days that are closed: the newest thousand as '
    'such, those before as registers, so that a window that ends now reads days but at its ends.';
comment on column core.viewer_item.entry is
    'As in core.viewer_day; of a rank only the days after the last of any higher one count.';
comment on column core.viewer_item.item_id is 'core.item; 0 is the site.';
comment on column core.viewer_item.last_day is 'The last closed day (UTC) on which it was seen.';

create table core.viewer_position (
    only_row boolean not null default true,
    closed_before date not null,
    next_item bigint not null default 0,
    kept_since date,
    constraint viewer_position_one_row primary key (only_row),
    constraint viewer_position_only_row_true check (only_row)
);

comment on table core.viewer_position is
    'How far days are closed: core.viewer_item has all of those before. One row, once there is a '
    'viewer.';
comment on column core.viewer_position.only_row is 'True: there is one row.';
comment on column core.viewer_position.closed_before is 'The first day that is not closed.';
comment on column core.viewer_position.next_item is
    'Of that day, items before this one are in core.viewer_item, too.';
comment on column core.viewer_position.kept_since is
    'The first day of which core.viewer_day has all; null: nothing was dropped.';

create table core.viewer_recount (
    hour timestamptz primary key
);

comment on table core.viewer_recount is
    'Hours with events that came in beside the feed: runs add their viewers, an hour at a time.';
comment on column core.viewer_recount.hour is 'When it begins.';
