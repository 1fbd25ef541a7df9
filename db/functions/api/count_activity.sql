-- Add a slice of the feed to what users did in each window, and take out what has left it.
-- Source: core.score_feed, core.event, core.window_position, core.activity_policy.
-- Feeds: core.user_window, core.user_window_position.
-- Keeps: only api.score_events may call it, after the windows have moved and before the slice goes,
-- in one snapshot: an event is added if it lies in the window and taken out when its start passes
-- it. A window that began anew, is new, or has lost its position is counted from the events, which
-- are all there (raw events are kept for longer than a month: core.storage_policy): the newest
-- first and at most core.activity_policy.at_once a call, as rankings wait for this run, and a month
-- may have many millions. Until then its position is later than the window's start. Where nobody
-- may read the lists, nothing is kept.
create function api.count_activity(fed_since timestamptz)
returns void
language plpgsql volatile
set jit = off
as $$
declare
    policy core.activity_policy;
    counted record;
    -- What happened after this moment is counted when the call is over.
    reached timestamptz;
begin
    select * into strict policy from core.activity_policy;
    if policy.readers = 'nobody' then
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
            coalesce(held.since, 'infinity') as old_since,
            position.begun,
            held.begun is distinct from position.begun as is_anew
        from core.window_position as position
        left join core.user_window_position as held on position."window" = held."window"
        where position."window" in ('7d', 'today', 'week', 'month')
    loop
        if counted.is_anew then
            delete from core.user_window as stored where stored."window" = counted."window";
            counted.old_since := 'infinity';
        end if;
        reached := counted.new_since;
        if counted.old_since > counted.new_since then
            reached := coalesce(
                (
                    select event.occurred_at
                    from core.event as event
                    where
                        event.occurred_at > counted.new_since
                        and event.occurred_at <= counted.old_since
                    order by event.occurred_at desc
                    limit 1 offset policy.at_once
                ),
                counted.new_since
            );
            -- All of one moment belong together: it may be some more, or never come on.
            if reached = counted.old_since then
                reached := coalesce(
                    (
                        select max(event.occurred_at)
                        from core.event as event
                        where
                            event.occurred_at > counted.new_since
                            and event.occurred_at < counted.old_since
                    ),
                    counted.new_since
                );
            end if;
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
                from api.user_actions(reached, counted.old_since, fed_since) as whole
                union all
                select
                    feed.user_id,
                    one.views + one.likes + one.comments + one.shares
                from core.score_feed as feed
                cross join lateral api.event_counts(feed.event_type, feed.count, null) as one
                where
                    feed.user_id is not null
                    and feed.occurred_at > counted.old_since
                    and feed.occurred_at >= fed_since
                union all
                select
                    past.user_id,
                    -past.actions
                from api.user_actions(counted.old_since, counted.new_since, fed_since) as past
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
        values (counted."window", reached, counted.begun)
        on conflict ("window") do update set since = excluded.since, begun = excluded.begun
        where held.since <> excluded.since or held.begun <> excluded.begun;
    end loop;
end;
$$;

comment on function api.count_activity(timestamptz) is
    'Brings what users did in the windows of their lists up to the feed''s slice; what is to be '
    'counted anew takes several calls.';
