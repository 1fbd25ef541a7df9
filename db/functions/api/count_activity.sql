-- Add a slice of the feed to what users did in each window, and take out what has left it.
-- Source: core.score_feed, core.event, core.window_position, core.activity_policy.
-- Feeds: core.user_window, core.user_window_position.
-- Keeps: only api.score_events may call it, after the windows have moved and before the slice goes,
-- in one snapshot: an event is added if it lies in the window and taken out when its start passes
-- it; where the start goes back, in slices, those that it passes are added. A window that began
-- anew, is new, or has lost its position is counted from the events, which are all there: raw
-- events are kept for longer than a month (core.storage_policy). Where nobody may read the lists,
-- nothing is kept.
create function api.count_activity(fed_since timestamptz)
returns void
language plpgsql volatile
set jit = off
as $$
declare
    counted record;
begin
    if (select policy.readers from core.activity_policy as policy) = 'nobody' then
        delete from core.user_window;
        delete from core.user_window_position;
        return;
    end if;
    -- Who is erased meanwhile must not come back from this snapshot (api.erase_events).
    perform from core.activity_policy for share;
    for counted in
        select
            position."window",
            position.since as new_since,
            held.since as old_since,
            position.begun,
            held.begun is distinct from position.begun as is_anew
        from core.window_position as position
        left join core.user_window_position as held on position."window" = held."window"
        where position."window" in ('7d', 'today', 'week', 'month')
    loop
        if counted.is_anew then
            delete from core.user_window as stored where stored."window" = counted."window";
        end if;
        merge into core.user_window as stored
        using (
            select
                change.user_id,
                sum(change.actions)::bigint as actions
            from (
                select
                    whole.user_id,
                    whole.actions
                from api.user_actions(
                    case when counted.is_anew then counted.new_since else 'infinity' end,
                    'infinity', fed_since
                ) as whole
                union all
                select
                    feed.user_id,
                    one.views + one.likes + one.comments + one.shares
                from core.score_feed as feed
                cross join lateral api.event_counts(feed.event_type, feed.count, null) as one
                where
                    not counted.is_anew
                    and feed.user_id is not null
                    and feed.occurred_at > counted.old_since
                    and feed.occurred_at >= fed_since
                union all
                select
                    past.user_id,
                    -past.actions
                from api.user_actions(
                    case when counted.is_anew then 'infinity' else counted.old_since end,
                    counted.new_since, fed_since
                ) as past
                union all
                select
                    further.user_id,
                    further.actions
                from api.user_actions(
                    case when counted.is_anew then 'infinity' else counted.new_since end,
                    counted.old_since, fed_since
                ) as further
            ) as change
            group by change.user_id
            having sum(change.actions) <> 0
        ) as fresh
            on stored."window" = counted."window" and stored.user_id = fresh.user_id
        when matched and stored.actions + fresh.actions = 0 then delete
        when matched then update set actions = stored.actions + fresh.actions
        when not matched then
            insert ("window", user_id, actions)
            values (counted."window", fresh.user_id, fresh.actions);

        insert into core.user_window_position as held ("window", since, begun)
        values (counted."window", counted.new_since, counted.begun)
        on conflict ("window") do update set since = excluded.since, begun = excluded.begun
        where held.since <> excluded.since or held.begun <> excluded.begun;
    end loop;
end;
$$;

comment on function api.count_activity(timestamptz) is
    'Brings what users did in the windows of their lists up to the feed''s slice.';
