-- Count which items the same users turned to, as far as events have come.
-- Source: core.event, core.recommendation_policy. Feeds: core.item_neighbour.
-- Keeps: its clock is the newest event's: where nothing happens, nothing is written. Each event is
-- counted in one stretch, each stretch is committed with how far it came. What comes in later than
-- the policy's lag is not counted.
create procedure api.count_neighbours(work_for interval default null)
language plpgsql
as $$
declare
    policy core.recommendation_policy;
    ledger_id bigint;
    due_at timestamptz;
    since timestamptz;
    until timestamptz;
    target timestamptz;
    began timestamptz;
    took interval;
    at_most integer;
    changed bigint := 0;
    fault text;
    -- The embedded engine has one session, which serves nobody meanwhile.
    is_server constant boolean := exists (
        select from pg_stat_activity where backend_type = 'checkpointer'
    );
    leave_at constant timestamptz := clock_timestamp() + coalesce(
        work_for, case when is_server then interval '30 seconds' else interval '2 seconds' end
    );
begin
    select * into policy from core.recommendation_policy;
    select event.occurred_at - policy.lag into target
    from core.event as event
    order by event.occurred_at desc
    limit 1;
    select progress.counted_to + policy.count_every into due_at
    from core.neighbour_progress as progress;
    select
        coalesce(
            progress.counted_to,
            greatest(
                target - policy.history,
                (
                    select event.occurred_at - interval '1 second'
                    from core.event as event
                    order by event.occurred_at
                    limit 1
                )
            )
        )
    into since
    from core.neighbour_progress as progress;
    if target is null or target <= since or target < due_at then
        return;
    end if;
    ledger_id := api.start_job('count_neighbours');
    if ledger_id is null then
        return;
    end if;
    commit;

    -- As many at once as take some seconds: a stretch writes the row of an item once.
    at_most := case when is_server then 50000 else 5000 end;
    while since < target loop
        began := clock_timestamp();
        select event.occurred_at into until
        from core.event as event
        where event.occurred_at > since and event.occurred_at < target
        order by event.occurred_at
        offset at_most - 1
        limit 1;
        until := coalesce(until, target);
        begin
            changed := changed + api.add_pairs(since, until);
            update core.neighbour_progress as progress set counted_to = until;
        exception when others then
            fault := sqlerrm;
        end;
        commit;
        took := clock_timestamp() - began;
        exit when fault is not null or clock_timestamp() + took > leave_at;
        since := until;
        at_most := case
            when took < interval '2 seconds' then least(2 * at_most, 1000000)
            when took > interval '5 seconds' then greatest(at_most / 2, 1000)
            else at_most
        end;
    end loop;

    perform api.finish_job('count_neighbours', ledger_id, changed, fault);
    commit;
end;
$$;

comment on procedure api.count_neighbours (interval) is
    'Counts pairs of items up to the newest event less the policy''s lag, where that is further by '
    'count_every; its ledger line counts rows of items that were written. '
    'Stable.';
