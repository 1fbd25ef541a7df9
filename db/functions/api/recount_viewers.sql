-- Count the viewers of a day (UTC) anew from its events.
-- Source: core.event. Feeds: core.viewer_day, core.viewer_item; api.rebuild_day.
-- Keeps: begins and ends outside of transactions; takes turns with the scoring job. Whoever was
-- taken out of the day's events is no longer among its viewers; among those of all closed days they
-- stay where an earlier day that is kept has them, too.
create procedure api.recount_viewers(day date)
language plpgsql
as $$
declare
    earlier record;
begin
    commit;
    while api.take_job_lock('run_rankings') is not null loop
        commit;
        perform pg_sleep(0.1);
    end loop;
    commit;
    perform pg_advisory_xact_lock(hashtext('groundswell viewers'));
    create temporary table viewer_before on commit drop as
    select
        stored.item_id,
        stored.entry
    from core.viewer_day as stored
    where stored.day = recount_viewers.day;
    delete from core.viewer_day as stored where stored.day = recount_viewers.day;
    for hour in 0..23 loop
        perform api.add_viewers(
            'infinity',
            recount_viewers.day::timestamp at time zone 'UTC' + make_interval(hours => hour)
        );
    end loop;
    delete from viewer_before as before
    using core.viewer_day as stored
    where
        stored.day = recount_viewers.day
        and stored.item_id = before.item_id
        and stored.entry = before.entry;
    delete from core.viewer_item as stored
    using viewer_before as before
    where
        stored.last_day = recount_viewers.day
        and stored.item_id = before.item_id
        and stored.entry = before.entry;
    -- Who is gone was there before, perhaps, and so were lower ranks of a register.
    for earlier in
        select
            stored.day,
            array_agg(stored.item_id) as item_ids,
            array_agg(stored.entry) as entries
        from viewer_before as before
        inner join core.viewer_day as stored
            on
                before.item_id = stored.item_id
                and stored.entry between
                case when before.entry < 0 then -64 * ((-1 - before.entry) / 64) - 64 else before.entry end
                and
                case when before.entry < 0 then -64 * ((-1 - before.entry) / 64) - 1 else before.entry end
        inner join core.viewer_position as position on stored.day < position.closed_before
        where stored.day < recount_viewers.day
        group by stored.day
        order by stored.day
    loop
        perform api.keep_viewers(earlier.item_ids, earlier.entries, earlier.day);
    end loop;
    perform api.release_job_lock('run_rankings');
    commit;
end;
$$;

comment on procedure api.recount_viewers (date) is
    'Deletes the viewers of a day and adds those that its counted events have.';
