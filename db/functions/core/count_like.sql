-- Keep how many users like each item, whoever changes core.item_like.
-- Source: core.item_like. Feeds: core.item_like_count.
-- Keeps: by statement, not by row: a row that is updated again and again in one transaction grows
-- slower each time, and likes of an older system come by the million.
create or replace function core.count_like()
returns trigger
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

create or replace trigger count_new_like
after insert on core.item_like
referencing new table as after_change
for each statement execute function core.count_like();
comment on trigger count_new_like on core.item_like is 'Keeps core.item_like_count.';

create or replace trigger count_changed_like
after update on core.item_like
referencing old table as before_change new table as after_change
for each statement execute function core.count_like();
comment on trigger count_changed_like on core.item_like is 'Keeps core.item_like_count.';

create or replace trigger count_deleted_like
after delete on core.item_like
referencing old table as before_change
for each statement execute function core.count_like();
comment on trigger count_deleted_like on core.item_like is 'Keeps core.item_like_count.';
