-- Add who has viewed what to the days: by a slice of the feed, or by all events of an
-- hour.
-- Source: api.seen_viewers. Feeds: core.viewer_day; core.viewer_item for days that are closed.
-- Keeps: reads the feed without emptying it: only api.score_events may have it read the feed, which
-- takes the slice out in the same snapshot. Adding again changes nothing, and writes nothing. Only
-- under the lock of the scoring job. Up to 1,000 viewers of an item and day are all there: whether
-- they are more is asked by one new viewer in 32.
create function api.add_viewers(fed_since timestamptz, recounted timestamptz default null)
returns void
language plpgsql volatile
set jit = off
-- As in api.add_to_scores: the days hold far more than the feed, whatever is known of them.
set enable_hashjoin = off
set enable_mergejoin = off
set enable_seqscan = off
as $$
declare
    open core.viewer_position;
    written record;
begin
    select position.* into open from core.viewer_position as position;
    if open.only_row is null then
        insert into core.viewer_position (closed_before)
        select min(view.day) from api.seen_viewers(fed_since, recounted) as view
        having count(*) > 0
        returning * into open;
    end if;
    for written in
        with form as materialized (
            select
                view.item_id,
                view.day,
                array_agg(view.viewer) as viewers,
                array_agg(view.quarters) as quarters,
                -- Those who are many in the feed already are registers at once.
                count(*) > 1000 or (
                    select true from core.viewer_day as stored
                    where
                        stored.day = view.day
                        and stored.item_id = view.item_id
                        and stored.entry < 0
                    limit 1
                ) is not null as has_registers
            from api.seen_viewers(fed_since, recounted) as view
            group by view.item_id, view.day
        ),

        coded as (
            select
                form.item_id,
                form.day,
                form.has_registers,
                each.quarters,
                case when form.has_registers then api.viewer_entry(each.viewer) else each.viewer end
                    as entry
            from form
            cross join lateral unnest(form.viewers, form.quarters) as each (viewer, quarters)
        ),

        ranked as (
            select
                coded.item_id,
                coded.day,
                coded.entry,
                bit_or(coded.quarters) as quarters
            from coded
            where coded.has_registers
            group by coded.item_id, coded.day, coded.entry
        ),

        made as (
            select
                ranked.item_id,
                ranked.day,
                ranked.entry,
                -- What a higher rank of the register has, is known.
                ranked.quarters
                & ~coalesce(
                    bit_or(ranked.quarters) over (
                        partition by ranked.item_id, ranked.day, (-1 - ranked.entry) / 64
                        order by ranked.entry rows between unbounded preceding and 1 preceding
                    ),
                    0::bit(96)
                )
                & ~coalesce(
                    (
                        select bit_or(higher.quarters)
                        from core.viewer_day as higher
                        where
                            higher.day = ranked.day
                            and higher.item_id = ranked.item_id
                            and higher.entry < ranked.entry
                            and higher.entry >= -64 * ((-1 - ranked.entry) / 64) - 64
                    ),
                    0::bit(96)
                ) as quarters
            from ranked
            union all
            select
                coded.item_id,
                coded.day,
                coded.entry,
                coded.quarters
            from coded
            where not coded.has_registers
        ),

        fresh as materialized (
            select
                made.item_id,
                made.day,
                made.entry,
                stored.stored_at,
                made.quarters | coalesce(stored.quarters, 0::bit(96)) as quarters
            from made
            left join lateral (
                select
                    known.quarters,
                    known.ctid as stored_at
                from core.viewer_day as known
                where
                    known.day = made.day
                    and known.item_id = made.item_id
                    and known.entry = made.entry
                offset 0
            ) as stored on true
            where made.quarters & ~coalesce(stored.quarters, 0::bit(96)) <> 0::bit(96)
        ),

        -- By address: the row was found above, and nobody else writes here.
        changed as (
            update core.viewer_day as stored
            set quarters = fresh.quarters
            from fresh
            where stored.ctid = fresh.stored_at
        ),

        added as (
            insert into core.viewer_day (entry, item_id, day, quarters)
            select
                fresh.entry,
                fresh.item_id,
                fresh.day,
                fresh.quarters
            from fresh
            where fresh.stored_at is null
        )

        select
            fresh.day,
            array_agg(fresh.item_id) as item_ids,
            array_agg(fresh.entry) as entries
        from fresh
        where
            fresh.stored_at is null
            and ((fresh.entry >= 0 and fresh.entry & 31 = 0) or fresh.day <= open.closed_before)
        group by fresh.day
    loop
        -- Also of a day of which some items are.
        if written.day < open.closed_before
            or (written.day = open.closed_before and open.next_item > 0)
        then
            perform api.keep_viewers(written.item_ids, written.entries, written.day);
        end if;
        perform api.sketch_viewers(crowd.item_id, written.day)
        from (
            select distinct each.item_id
            from unnest(written.item_ids, written.entries) as each (item_id, entry)
            where each.entry >= 0 and each.entry & 31 = 0
        ) as crowd;
    end loop;
end;
$$;

comment on function api.add_viewers(timestamptz, timestamptz) is
    'Adds the viewers in the feed since a moment or, where an hour is given, those of its events.';
