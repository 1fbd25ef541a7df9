-- Bring the continuous aggregates up to date, each as often as core.storage_policy says.
-- Source: core.event, core.aggregate_level.
-- Feeds: agg.engagement_1m, agg.engagement_15m, agg.engagement_1d, agg.site_1m, agg.site_15m,
-- agg.site_1d, core.category_count; does what core.recompute asks for, as of two refreshes at once
-- the second fails.
-- Keeps: no refresh reaches into raw data, or into a finer level, that is gone
-- (api.dropped_before): it would empty the buckets there. The finer level is refreshed first. What
-- is older than an hour, and not of the newest whole bucket, waits for a slower beat
-- (refresh_late_every), as a late event has its bucket made anew for all items.
create procedure api.refresh_aggregates(
    as_of timestamptz default now(), forced boolean default false
)
language plpgsql
as $$
declare
    ledger_id bigint;
    policy record;
    changed record;
    refreshed bigint := 0;
begin
    ledger_id := api.start_job('refresh_aggregates');
    if ledger_id is null then
        return;
    end if;
    perform api.note_chunks();
    commit;

    for policy in
        select
            level.level,
            width.bucket,
            width.source,
            time_bucket(width.bucket, as_of - level.refresh_lag) as until,
            beat.is_late,
            case
                when beat.is_late then kept.since
                else greatest(
                    kept.since,
                    least(
                        time_bucket(
                            width.bucket,
                            least(as_of, ledger.newest) - level.refresh_lag - interval '1 hour'
                        ),
                        time_bucket(width.bucket, as_of - level.refresh_lag) - width.bucket
                    )
                )
            end as since
        from core.aggregate_level as width
        inner join core.storage_policy as level on width.name = level.level
        cross join lateral (select api.dropped_before(width.source) as since) as kept
        cross join lateral (
            select
                max(run.started_at) as newest,
                max(run.started_at) filter (where run.job like '%late') as newest_late
            from core.job_run as run
            where
                run.job in ('refresh ' || level.level, 'refresh ' || level.level || ' late')
                and run.finished_at is not null
                -- Half a minute of slack: schedulers do not fire to the second.
                and run.started_at > as_of - level.refresh_late_every + interval '30 seconds'
        ) as ledger
        cross join lateral (
            select
                forced
                -- What a recompute finds to mend must not be what is only late.
                or exists (select 1 from core.recompute as request where request.finished_at is null)
                or ledger.newest_late is null as is_late
        ) as beat
        where
            -- Where a finer level is hardly kept, nothing of it may be left to refresh from.
            kept.since < time_bucket(width.bucket, as_of - level.refresh_lag)
            and (
                beat.is_late
                or coalesce(ledger.newest, '-infinity')
                <= as_of - level.refresh_every + interval '30 seconds'
            )
        -- Of the same width, that with items is the finer one, and has the first name.
        order by width.bucket, width.name
    loop
        -- The level's own line: what the next run sees of when it was last refreshed.
        insert into core.job_run (job, started_at)
        values ('refresh ' || policy.level || case when policy.is_late then ' late' else '' end, as_of);
        -- Also those that the refresh of the level below has just made.
        perform api.note_chunks();
        commit;
        -- Each stretch of changes by itself, what is new among them: a refresh is one transaction, and
        -- what it has rewritten is to the next level one range, from the first bucket to the last.
        -- A long one day by day (or in a hundred parts), the newest first: of a history that is
        -- new, each part is committed, and what is read most comes first. Parts side by side in
        -- which there is no chunk are one.
        for changed in
            select
                greatest(stretch.begins, min(part.begins)) as begins,
                least(stretch.ends, max(part.ends)) as ends
            from api.changed_ranges(policy.level, policy.bucket, policy.since, policy.until)
                as stretch
            cross join lateral (
                select least(
                    stretch.ends,
                    greatest(
                        stretch.begins,
                        coalesce(date_trunc('day', min(known.begins), 'UTC'), 'infinity')
                    )
                ) as begins
                from core.known_chunk as known
                where known.level in (policy.source, policy.level)
            ) as filled
            cross join lateral (
                select
                    stretch.begins,
                    filled.begins as ends,
                    true as is_empty,
                    0 as filled_before
                where stretch.begins < filled.begins
                union all
                select
                    each_part.begins,
                    each_part.begins + step.days as ends,
                    content.is_empty,
                    count(*) filter (where not content.is_empty) over (order by each_part.begins)
                from (
                    -- In hours: where the session's clocks change, not every day has 24.
                    select make_interval(
                        hours => 24 + 24 * floor(
                            date_part('epoch', stretch.ends - filled.begins) / 86400 / 100
                        )::integer
                    ) as days
                ) as step
                cross join lateral generate_series(
                    date_trunc('day', filled.begins, 'UTC'),
                    stretch.ends - interval '1 microsecond',
                    step.days
                ) as each_part (begins)
                cross join lateral (
                    select not exists (
                        select from core.known_chunk as known
                        where
                            known.level in (policy.source, policy.level)
                            and known.begins < each_part.begins + step.days
                            and known.ends > each_part.begins
                    ) as is_empty
                ) as content
                where filled.begins < stretch.ends
            ) as part
            group by stretch.begins, stretch.ends, part.is_empty, part.filled_before
            order by begins desc
        loop
            call api.refresh_level(policy.level, changed.begins, changed.ends);
        end loop;
        update core.known_chunk as known
        set counted_before = least(known.ends, policy.until)
        where
            known.level = policy.source
            and not known.is_lost
            and known.begins < policy.until
            and least(known.ends, policy.until) > coalesce(known.counted_before, '-infinity');
        update core.job_run as run
        set finished_at = clock_timestamp()
        where
            run.job in ('refresh ' || policy.level, 'refresh ' || policy.level || ' late')
            and run.finished_at is null;
        refreshed := refreshed + 1;
        commit;
    end loop;

    perform api.settle_categories(as_of);
    commit;
    if refreshed > 0 then
        perform api.mend_categories(as_of);
        commit;
    end if;
    call api.recompute_stats(as_of);
    perform api.finish_job('refresh_aggregates', ledger_id, refreshed, null);
    commit;
end;
$$;

comment on procedure api.refresh_aggregates (timestamptz, boolean) is
    'Refreshes every aggregate that is due, or all if forced; its ledger line counts aggregates. '
    'Stable.';
