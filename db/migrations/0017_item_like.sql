-- Which signed-in user likes which item, and how many do.
-- Source: api.set_like, core.count_like. Feeds: GET /items/{id}/like, GET /items/liked.

create table core.item_like (
    item_id bigint not null references core.item,
    user_id text not null,
    liked boolean not null,
    changed_at timestamptz not null,
    constraint item_like_one_per_user primary key (item_id, user_id),
    constraint item_like_user_named check (char_length(user_id) between 1 and 200)
);

-- What a user likes, newest first.
create index item_like_newest on core.item_like (user_id, changed_at desc, item_id desc)
where liked;

comment on table core.item_like is
    'One row for each user and item that was ever liked by hand. A like taken back stays as a row '
    'that says so: then a toggle is one statement that locks one row, and no two can cross.';
comment on column core.item_like.item_id is 'core.item.';
comment on column core.item_like.user_id is 'The user, as the signed token or the proxy says.';
comment on column core.item_like.liked is 'Whether the user likes it now.';
comment on column core.item_like.changed_at is 'Since when that is so.';
-- Who likes what is nothing to dashboards.
revoke select on core.item_like from groundswell_read;
grant select (item_id, liked, changed_at) on core.item_like to groundswell_read;

create table core.item_like_count (
    item_id bigint primary key references core.item,
    likes bigint not null,
    version bigint not null,
    changed_at timestamptz not null,
    constraint item_like_count_not_negative check (likes >= 0)
) with (fillfactor = 50);

comment on table core.item_like_count is
    'How many users like each item: the rows of core.item_like that say so, kept by a trigger in '
    'the transaction that changes them.';
comment on column core.item_like_count.item_id is 'core.item.';
comment on column core.item_like_count.likes is 'Users who like it now.';
comment on column core.item_like_count.version is
    'Rises with every change, in the order of their commits: of two counts, the one with the '
    'higher version is right.';
comment on column core.item_like_count.changed_at is 'When it last changed.';

create table core.like_recount (
    only_row boolean primary key default true,
    counted_to bigint not null default 0,
    constraint like_recount_one_row check (only_row)
);

comment on table core.like_recount is
    'How far api.recount_likes has come in comparing core.item_like_count with core.item_like: one '
    'row.';
comment on column core.like_recount.only_row is 'True: there is one row.';
comment on column core.like_recount.counted_to is
    'The last item compared; 0 before a round through all items.';

insert into core.like_recount default values;
