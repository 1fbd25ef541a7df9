-- Note anew what of a day does not count in lists that fade, after its events were changed.
-- Source: core.event. Feeds: core.discount, core.actor_action; api.correct.
-- Keeps: begins and ends outside of transactions; takes turns with the scoring job. Sums follow
-- when api.reconcile has run.
create procedure api.rebuild_discounts(day date)
language plpgsql
as $$
begin
    commit;
    while api.take_job_lock('run_rankings') is not null loop
        commit;
        perform pg_sleep(0.1);
    end loop;
    commit;
    set transaction isolation level repeatable read;
    delete from core.discount as taken
    where
        taken.at >= rebuild_discounts.day::timestamp at time zone 'UTC'
        and taken.at < (rebuild_discounts.day + 1)::timestamp at time zone 'UTC';
    perform api.renew_discounts(rebuild_discounts.day, rebuild_discounts.day + 1, null, null);
    if exists (
        select from core.actor_action as known where known.day = rebuild_discounts.day
    ) then
        delete from core.actor_action as known where known.day = rebuild_discounts.day;
        insert into core.actor_action (viewer, item_id, day, event_type, moments)
        select
            event.viewer & 9223372036854775807,
            event.item_id,
            rebuild_discounts.day,
            event.event_type,
            (array_agg(event.occurred_at order by event.occurred_at desc))[1:4]
        from core.event as event
        inner join core.actor_policy as policy on event.event_type = policy.event_type
        cross join lateral generate_series(1, least(event.count, 4)) as each (number)
        where
            event.counted
            and event.viewer is not null
            and event.occurred_at >= rebuild_discounts.day::timestamp at time zone 'UTC'
            and event.occurred_at < (rebuild_discounts.day + 1)::timestamp at time zone 'UTC'
            -- What waits is noted when it is scored.
            and not exists (
                select from core.score_feed as feed
                where
                    feed.item_id = event.item_id
                    and feed.occurred_at = event.occurred_at
                    and feed.event_type = event.event_type
                    and feed.viewer & 9223372036854775807 = event.viewer & 9223372036854775807
            )
        group by event.viewer & 9223372036854775807, event.item_id, event.event_type;
    end if;
    perform api.release_job_lock('run_rankings');
    commit;
end;
$$;

comment on procedure api.rebuild_discounts (date) is
    'Notes anew, from the events of a day, what of them does not count in lists that fade.';
