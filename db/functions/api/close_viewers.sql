-- Bring what is kept over all days up to the last day that is over, or a slice of it; first of all
-- what came in beside the feed.
-- Source: core.viewer_recount, core.viewer_day, core.viewer_position. Feeds: core.viewer_item.
-- Keeps: a day is closed an hour after its end, item by item; what comes in late is added by
-- api.add_viewers. A slice that is cut off is done again. Only under the lock of the scoring job.
create function api.close_viewers(as_of timestamptz, at_most integer default 50000)
returns boolean
language plpgsql volatile
set jit = off
as $$
declare
    open core.viewer_position;
    today constant date := ((as_of - interval '1 hour') at time zone 'UTC')::date;
    noted timestamptz;
    until bigint;
    found record;
begin
    -- What api.forget_viewers renames must not be read before and written after.
    if not pg_try_advisory_xact_lock(hashtext('groundswell viewers')) then
        return false;
    end if;
    delete from core.viewer_recount as recount
    where recount.hour = (select min(next.hour) from core.viewer_recount as next)
    returning recount.hour into noted;
    if noted is not null then
        perform api.add_viewers('infinity', noted);
        return true;
    end if;
    select position.* into open from core.viewer_position as position;
    if open.only_row is null or open.closed_before >= today then
        return false;
    end if;
    select stored.item_id into until
    from core.viewer_day as stored
    where stored.day = open.closed_before and stored.item_id >= open.next_item
    order by stored.item_id, stored.entry
    limit 1 offset at_most;
    -- All of an item at once; null where that is all of the day.
    until := case when until is not null then greatest(until, open.next_item + 1) end;
    select
        array_agg(stored.item_id) as item_ids,
        array_agg(stored.entry) as entries
    into found
    from core.viewer_day as stored
    where
        stored.day = open.closed_before
        and stored.item_id >= open.next_item
        and (stored.item_id < until or until is null);
    if found.item_ids is not null then
        perform api.keep_viewers(found.item_ids, found.entries, open.closed_before);
    end if;
    update core.viewer_position
    set
        next_item = coalesce(until, 0),
        closed_before = case
            when until is not null then open.closed_before
            else coalesce(
                (
                    select min(stored.day) from core.viewer_day as stored
                    where stored.day > open.closed_before and stored.day < today
                ),
                today
            )
        end;
    return true;
end;
$$;

comment on function api.close_viewers(timestamptz, integer) is
    'Adds about so many rows of the first day that is not closed to core.viewer_item; answers '
    'whether there was anything to do.';
