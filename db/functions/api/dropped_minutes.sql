-- Counts of the minutes in a stretch of time whose events are gone: each counts at its last moment.
-- Source: agg.engagement_1m. Feeds: api.add_to_window, api.take_from_window, api.window_edge,
-- api.dropped_counts.
-- Keeps: reads nothing where the events of the stretch are all still there.
create function api.dropped_minutes(since timestamptz, until timestamptz, raw_since timestamptz)
returns table (
    item_id bigint, at timestamptz, views bigint, likes bigint, comments bigint, shares bigint,
    watch_seconds double precision
)
language plpgsql stable
set jit = off
as $$
begin
    if dropped_minutes.since >= least(dropped_minutes.raw_since, dropped_minutes.until) then
        return;
    end if;
    return query
    select
        minute.item_id,
        moment.last_of_it,
        minute.views,
        minute.likes,
        minute.comments,
        minute.shares,
        minute.watch_seconds
    from agg.engagement_1m as minute
    cross join lateral (
        select minute.bucket + interval '1 minute' - interval '1 microsecond' as last_of_it
    ) as moment
    where
        minute.bucket > dropped_minutes.since - interval '1 minute'
        and minute.bucket < least(dropped_minutes.until, dropped_minutes.raw_since)
        and moment.last_of_it > dropped_minutes.since
        and moment.last_of_it <= dropped_minutes.until;
end;
$$;

comment on function api.dropped_minutes(timestamptz, timestamptz, timestamptz) is
    'What is known of events after one moment and up to another whose rows are gone.';
grant execute on function api.dropped_minutes(timestamptz, timestamptz, timestamptz)
to groundswell_service, groundswell_read;
