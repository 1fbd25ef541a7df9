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
    stretch interval := interval '5 minutes';
    changed bigint := 0;
    fault text;
    -- The embedded engine has one session, which serves nobody meanwhile.
    leave_at constant timestamptz := clock_timestamp() + coalesce(
        work_for,
        case
            when exists (select from pg_stat_activity where backend_type = 'checkpointer')
                then interval '30 seconds'
            else interval '2 seconds'
        end
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

    while since < target loop
        began := clock_timestamp();
        until := least(since + stretch, target);
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
        stretch := case
            when took < interval '1 second' then least(2 * stretch, interval '1 day')
            when took > interval '5 seconds'
                then greatest(stretch / 2, interval '1 minute')
            else stretch
        end;
    end loop;

    perform api.finish_job('count_neighbours', ledger_id, changed, fault);
    commit;
end;
$$;

comment on procedure api.count_neighbours (interval) is
    'Counts pairs of items up to the newest event less the policy''s lag, where that is further by '
    'count_every; its ledger line counts rows of items that were written.';
