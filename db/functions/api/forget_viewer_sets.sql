-- Take the hashes of some users and sessions out of a stretch of the sets of viewers.
-- Source: POST /admin/erasures, DELETE /me, groundswell erase.
-- Feeds: core.viewer_day, core.viewer_item.
-- Keeps: counts and names as api.forget_viewers does; registers tell of nobody. At most so many
-- rows are looked at, in the order of their keys, so that no run waits long for its own: answers
-- where the next stretch begins, null after the last. No set is closed or recounted meanwhile.
-- Between two stretches one may be, from a day into core.viewer_item; so the days come first. A day
-- that was looked through has none of them later: the events and the feed have none. With the
-- rights of its owner.
create function api.forget_viewer_sets(
    viewers bigint[],
    salt bigint,
    purges boolean,
    since_day date,
    since_item bigint,
    since_entry bigint,
    at_most integer default 200000
)
returns table (next_day date, next_item bigint, next_entry bigint)
language plpgsql volatile
security definer
set search_path = pg_catalog
-- By the key, whatever is known of the table.
set enable_seqscan = off
as $$
#variable_conflict use_column
declare
    known constant bigint[] := array(
        select viewer & 9223372036854775807 from unnest(viewers) as viewer
    );
begin
    perform pg_advisory_xact_lock(hashtext('groundswell viewers'));
    -- After the days, whose places have a day, come the items.
    if since_day < 'infinity' then
        select stored.day, stored.item_id, stored.entry into next_day, next_item, next_entry
        from core.viewer_day as stored
        where (stored.day, stored.item_id, stored.entry) >= (since_day, since_item, since_entry)
        order by stored.day, stored.item_id, stored.entry
        offset at_most limit 1;
        with gone as (
            delete from core.viewer_day as stored
            where
                (stored.day, stored.item_id, stored.entry) >= (since_day, since_item, since_entry)
                and (
                    next_day is null
                    or (stored.day, stored.item_id, stored.entry)
                    < (next_day, next_item, next_entry)
                )
                and stored.entry = any(known)
            returning stored.*
        )
        insert into core.viewer_day (entry, item_id, day, quarters)
        select
            hashtextextended(gone.entry::text, salt) & 9223372036854775807,
            gone.item_id,
            gone.day,
            gone.quarters
        from gone
        where not purges;
        if next_day is null then
            next_day := 'infinity';
            next_item := -1;
            next_entry := 0;
        end if;
        return next;
        return;
    end if;
    select stored.item_id, stored.entry into next_item, next_entry
    from core.viewer_item as stored
    where (stored.item_id, stored.entry) >= (since_item, since_entry)
    order by stored.item_id, stored.entry
    offset at_most limit 1;
    with gone as (
        delete from core.viewer_item as stored
        where
            (stored.item_id, stored.entry) >= (since_item, since_entry)
            and (
                next_item is null
                or (stored.item_id, stored.entry) < (next_item, next_entry)
            )
            and stored.entry = any(known)
        returning stored.*
    )
    insert into core.viewer_item (entry, item_id, last_day)
    select
        hashtextextended(gone.entry::text, salt) & 9223372036854775807,
        gone.item_id,
        gone.last_day
    from gone
    where not purges;
    if next_item is not null then
        next_day := 'infinity';
        return next;
    end if;
end;
$$;

comment on function api.forget_viewer_sets(
    bigint[], bigint, boolean, date, bigint, bigint, integer
) is 'Renames viewers in some rows of the sets, or deletes them; answers where to go on, if there.';
revoke execute on function api.forget_viewer_sets(
    bigint[], bigint, boolean, date, bigint, bigint, integer
) from public;
grant execute on function api.forget_viewer_sets(
    bigint[], bigint, boolean, date, bigint, bigint, integer
) to groundswell_service;
