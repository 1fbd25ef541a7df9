-- migrate:up
-- Which signed-in user likes which item, and how many do.
-- Source: api.set_like. Feeds: GET /items/{id}/like, GET /items/liked.

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

create table core.item_like_count (
    item_id bigint primary key references core.item,
    likes bigint not null,
    version bigint not null,
    changed_at timestamptz not null,
    constraint item_like_count_not_negative check (likes >= 0)
) with (fillfactor = 50);

-- What reconciling looks at.
create index item_like_count_newest on core.item_like_count (changed_at);

comment on table core.item_like_count is
    'How many users like each item: the rows of core.item_like that say so, kept by a trigger in '
    'the transaction that changes them.';
comment on column core.item_like_count.item_id is 'core.item.';
comment on column core.item_like_count.likes is 'Users who like it now.';
comment on column core.item_like_count.version is
    'Rises with every change, in the order of their commits: of two counts, the one with the '
    'higher version is right.';
comment on column core.item_like_count.changed_at is 'When it last changed.';

-- By statement, not by row: a row that is updated again and again in one transaction grows slower
-- each time, and likes of an older system come by the million.
create function core.count_like() returns trigger
language plpgsql
set search_path = pg_catalog
as $$
begin
    if tg_op = 'INSERT' then
        insert into core.item_like_count as known (item_id, likes, version, changed_at)
        select
            fresh.item_id,
            count(*) filter (where fresh.liked),
            1,
            clock_timestamp()
        from after_change as fresh
        group by fresh.item_id
        order by fresh.item_id
        on conflict (item_id) do update set
            likes = known.likes + excluded.likes,
            version = known.version + 1,
            changed_at = excluded.changed_at;
    elsif tg_op = 'DELETE' then
        update core.item_like_count as known
        set
            likes = known.likes - gone.likes,
            version = known.version + 1,
            changed_at = clock_timestamp()
        from (
            select
                was.item_id,
                count(*) filter (where was.liked) as likes
            from before_change as was
            group by was.item_id
        ) as gone
        where known.item_id = gone.item_id;
    else
        update core.item_like_count as known
        set
            likes = known.likes + changed.likes,
            version = known.version + 1,
            changed_at = clock_timestamp()
        from (
            select
                each.item_id,
                sum(each.change) as likes
            from (
                select
                    fresh.item_id,
                    fresh.liked::integer as change
                from after_change as fresh
                union all
                select
                    was.item_id,
                    -was.liked::integer
                from before_change as was
            ) as each
            group by each.item_id
            having sum(each.change) <> 0
        ) as changed
        where known.item_id = changed.item_id;
    end if;
    return null;
end;
$$;

comment on function core.count_like() is
    'Adds to core.item_like_count whatever changes core.item_like, also what is changed by hand. '
    'The row it writes stays locked until the commit, so versions rise in the order of commits.';

create trigger count_new_like
after insert on core.item_like
referencing new table as after_change
for each statement execute function core.count_like();
comment on trigger count_new_like on core.item_like is 'Keeps core.item_like_count.';

create trigger count_changed_like
after update on core.item_like
referencing old table as before_change new table as after_change
for each statement execute function core.count_like();
comment on trigger count_changed_like on core.item_like is 'Keeps core.item_like_count.';

create trigger count_deleted_like
after delete on core.item_like
referencing old table as before_change
for each statement execute function core.count_like();
comment on trigger count_deleted_like on core.item_like is 'Keeps core.item_like_count.';

-- migrate:down
drop table core.item_like_count;
drop table core.item_like;
drop function core.count_like();
