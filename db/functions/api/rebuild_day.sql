-- Make every level of aggregates and the viewers anew for one day (UTC), from its raw events.
-- Source: core.event, core.aggregate_level, core.storage_policy. Feeds: agg.*; api.recompute_stats,
-- api.correct.
-- Keeps: only under the lock of api.refresh_aggregates: of two refreshes of one aggregate the
-- second fails. Each level is committed. The newest part is left to real-time reads, as by every
-- refresh.
create procedure api.rebuild_day(day timestamptz, as_of timestamptz)
language plpgsql
as $$
declare
    level record;
begin
    for level in
        select
            policy.level,
            least(
                day + interval '24 hours', time_bucket(width.bucket, as_of - policy.refresh_lag)
            ) as until
        from core.aggregate_level as width
        inner join core.storage_policy as policy on width.name = policy.level
        where day < time_bucket(width.bucket, as_of - policy.refresh_lag)
        order by width.bucket, width.name
    loop
        call api.refresh_level(level.level, day, level.until, forced => true);
    end loop;
    call api.recount_viewers((day at time zone 'UTC')::date);
end;
$$;

comment on procedure api.rebuild_day (timestamptz, timestamptz) is
    'Refreshes a day of every aggregate and its viewers, whatever is known to have changed. '
    'Stable.';
